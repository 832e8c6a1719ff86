// A module that a thread cannot load.
throw new Error("missing configuration");
