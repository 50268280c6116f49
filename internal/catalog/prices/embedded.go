package prices

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the list
	"fmt"
	"io"
	"sync"
)

//go:embed data/prices.csv.gz
var packed []byte

var embedded = sync.OnceValues(func() (*Catalog, error) {
	rows, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("embedded list of prices: %w", err)
	}
	return &Catalog{rows}, nil
})

// Embedded is the list that the program carries.
func Embedded() (*Catalog, error) { return embedded() }

func unpack(data []byte) ([]Machine, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not gzip: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(z, 1<<24))
	if err != nil {
		return nil, fmt.Errorf("not gzip: %w", err)
	}
	return table(text)
}

// Pack checks a list and compresses it as it is embedded. The same list gives the same
// bytes: they hold no time and no name of a file.
func Pack(text []byte) ([]byte, error) {
	if _, err := table(text); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if _, err := z.Write(text); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}
