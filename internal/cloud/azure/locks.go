package azure

import "sync"

// Locks keep what must not be written twice at once: a storage account that buckets share,
// the credentials of an identity, the roles of a platform. Drivers that have the same keep
// off each other. They know nothing of another process.
type Locks struct{ held sync.Map } // of *sync.Mutex by name

// alone holds what is called name until the returned function is called.
func (l *Locks) alone(name string) func() {
	value, _ := l.held.LoadOrStore(name, &sync.Mutex{})
	lock, _ := value.(*sync.Mutex)
	lock.Lock()
	return lock.Unlock
}
