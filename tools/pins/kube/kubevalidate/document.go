package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// document is one object as it stands in a file.
type document struct {
	file   string
	json   []byte
	object unstructured.Unstructured
	fault  error // why it cannot be read
}

func (d document) String() string {
	kind, name := d.object.GetKind(), d.object.GetName()
	if kind == "" {
		kind = "?"
	}
	if name == "" {
		name = d.object.GetGenerateName()
	}
	return fmt.Sprintf("%s %s/%s", d.file, kind, name)
}

func (d document) kind() schema.GroupVersionKind { return d.object.GroupVersionKind() }

// readDocuments reads every object of the files; a folder stands for the YAML and JSON files below it, and - for standard input.
func readDocuments(paths []string, in io.Reader) ([]document, error) {
	var all []document
	for _, path := range paths {
		if path == "-" {
			text, err := io.ReadAll(in)
			if err != nil {
				return nil, err
			}
			all = append(all, split("-", text)...)
			continue
		}
		files, err := manifests(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, split(file, text)...)
		}
	}
	return all, nil
}

// manifests returns the path itself, or the YAML and JSON files below a folder.
func manifests(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			files = append(files, path)
		default:
			if path == root {
				files = append(files, path)
			}
		}
		return nil
	})
	return files, err
}

// split cuts a file into its documents; comments and empty documents are no objects.
func split(file string, text []byte) []document {
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var all []document
	for {
		part, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			return append(all, document{file: file, fault: err})
		}
		d := decode(file, part)
		if d.fault == nil && len(d.object.Object) == 0 {
			continue
		}
		all = append(all, d)
	}
}

// decode reads one document; a key that stands twice is a fault.
func decode(file string, text []byte) document {
	d := document{file: file}
	d.json, d.fault = yaml.YAMLToJSONStrict(text)
	if d.fault != nil || string(bytes.TrimSpace(d.json)) == "null" {
		return d
	}
	if d.fault = yaml.Unmarshal(d.json, &d.object.Object); d.fault != nil {
		return d
	}
	if d.kind().Kind == "" || d.kind().Version == "" {
		d.fault = errors.New("apiVersion and kind must be set")
	}
	return d
}
