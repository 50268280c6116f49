package gitops

// step is called between the writes of a push, so that a test can end the
// process at each of them.
var step = func(string) {}
