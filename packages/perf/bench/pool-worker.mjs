// The task of the worker-pool bench: next to nothing, so that the way there and back is what is measured.
export default (/** @type {number} */ value) => value + 1;
