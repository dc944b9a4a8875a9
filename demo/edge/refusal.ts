/** Why a request is refused: a status, a stable code for programs, and a message that may change. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  /** The error in an answer. */
  toError(): { code: string; message: string } {
    return { code: this.code, message: this.message };
  }

  toResponse(): Response {
    const { status, headers } = this;
    return Response.json({ error: this.toError() }, { status, headers });
  }
}
