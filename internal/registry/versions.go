package registry

import "context"

// Version is a version of a registered model, with what was measured of it.
type Version struct {
	Model   string
	Number  string
	RunID   string
	Source  string // where its files are
	Status  string
	Aliases []string
	Tags    map[string]string
	Metrics map[string]string // decimals; what is no finite number is left out
}

// Versions finds versions of registered models, and changes none. What is not there
// gives ErrNotFound, with a sentence that says what there is.
type Versions interface {
	ByAlias(ctx context.Context, model, alias string) (Version, error)
	ByNumber(ctx context.Context, model, number string) (Version, error)
	// Best is the version with the greatest value of a metric, or the least; of equal
	// ones the newest. Versions whose registration was not completed do not count.
	Best(ctx context.Context, model, metric string, least bool) (Version, error)
}
