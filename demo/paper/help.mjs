/** What `npm run paper` understands. */
export const help = `
Usage: npm run paper [-- OPTIONS]

Sets up what is missing, builds the package, and repeats experiments of the paper "Spatial Pyramid Pooling in Deep Convolutional
Networks for Visual Recognition" (He, Zhang, Ren, Sun 2014) on handwritten digits of all sizes. Writes docs/paper.md with its
plots: our tables beside the paper's. Takes up to 15 minutes on two cores.

  --quick        far less training, in about half a minute: for tests of the program, the figures mean nothing
  --out FOLDER   write to this folder (default docs, and with --quick target/paper)
  --processes N  processes that train at the same time, 1 to 16 (default 2)
  --resume       go on with a run that was interrupted: what it finished is taken from there
  --help         this text`;
