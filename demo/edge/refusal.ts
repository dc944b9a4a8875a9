/** Why a request is turned down: a status, and for programs a code that stays while messages may change. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  /** What an answer says of it. */
  toError(): { code: string; message: string } {
    return { code: this.code, message: this.message };
  }

  toResponse(): Response {
    const { status, headers } = this;
    return Response.json({ error: this.toError() }, { status, headers });
  }
}
