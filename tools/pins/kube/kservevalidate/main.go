// Kservevalidate runs KServe's own admission webhook on InferenceServices, without a cluster: strict fields, then ValidateCreate of the project's
// validator. Objects of other kinds are passed over. It knows nothing of serving runtimes, which only a cluster has.
//
//	kservevalidate FILE...
//
// One line per InferenceService: "ok FILE NAME" or "error FILE NAME: REASON". Status 1 when one was refused, 2 when none was found.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	code, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kservevalidate:", err)
	}
	os.Exit(code)
}

func run(files []string, out io.Writer) (int, error) {
	seen, code := 0, 0
	for _, file := range files {
		services, err := read(file)
		if err != nil {
			return 2, err
		}
		for _, text := range services {
			seen++
			name, err := validate(text)
			if err == nil {
				fmt.Fprintf(out, "ok %s %s\n", file, name)
				continue
			}
			fmt.Fprintf(out, "error %s %s: %s\n", file, name, strings.Join(strings.Fields(err.Error()), " "))
			code = 1
		}
	}
	if seen == 0 {
		return 2, errors.New("no InferenceService found")
	}
	return code, nil
}

// read returns the documents of a file that are InferenceServices.
func read(file string) ([][]byte, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var services [][]byte
	for reader := kyaml.NewYAMLReader(bufio.NewReader(in)); ; {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return services, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(text, &kind); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if kind.APIVersion == v1beta1.SchemeGroupVersion.String() && kind.Kind == "InferenceService" {
			services = append(services, text)
		}
	}
}

// validate returns the object's name and the reason for which KServe would refuse it.
func validate(text []byte) (string, error) {
	var service v1beta1.InferenceService
	if err := yaml.UnmarshalStrict(text, &service); err != nil {
		return service.Name, err
	}
	_, err := new(v1beta1.InferenceServiceValidator).ValidateCreate(context.Background(), &service)
	return service.Name, err
}
