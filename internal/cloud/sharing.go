package cloud

// Sharing is a plan whose objects have some settings together, because a cloud keeps
// them on something around the objects.
type Sharing interface {
	// Shared names the setting that tells what is shared, and the settings that all
	// objects have there.
	Shared() (of string, names []string)
}
