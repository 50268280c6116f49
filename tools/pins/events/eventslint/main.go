// Eventslint reads the objects of Argo Events strictly and asks the project's own controllers what they think of them. With -body it also says
// which dependencies of the sensors take an event with that body, one to a line, as SENSOR/DEPENDENCY.
//
//	eventslint [-body FILE] FILE...
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/eventsources/common/webhook"
	"github.com/argoproj/argo-events/pkg/reconciler/eventbus"
	"github.com/argoproj/argo-events/pkg/reconciler/sensor"
	"github.com/argoproj/argo-events/pkg/sensors/dependencies"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	body := flag.String("body", "", "a file with the body of an event")
	flag.Parse()
	l := linter{}
	err := l.run(*body, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "eventslint:", err)
		os.Exit(1)
	}
}

// linter holds what was read.
type linter struct {
	bus     *v1alpha1.EventBus
	sources []*v1alpha1.EventSource
	sensors []*v1alpha1.Sensor
}

func (l *linter) run(body string, paths []string) error {
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, doc := range bytes.Split(data, []byte("\n---\n")) {
			if err := l.read(doc); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
		}
	}
	if len(l.sources)+len(l.sensors) == 0 {
		return fmt.Errorf("no EventSource and no Sensor in %s", strings.Join(paths, ", "))
	}
	if err := l.validate(); err != nil || body == "" {
		return err
	}
	return l.filter(body)
}

func (l *linter) read(doc []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &kind); err != nil {
		return err
	}
	strict := func(into any) error { return yaml.UnmarshalStrict(doc, into) }
	switch kind.Kind {
	case "EventBus":
		l.bus = &v1alpha1.EventBus{}
		return strict(l.bus)
	case "EventSource":
		l.sources = append(l.sources, &v1alpha1.EventSource{})
		return strict(l.sources[len(l.sources)-1])
	case "Sensor":
		l.sensors = append(l.sensors, &v1alpha1.Sensor{})
		return strict(l.sensors[len(l.sensors)-1])
	}
	return nil
}

// validate calls the controllers' validation, and resolves the references between the objects as they would when running.
func (l *linter) validate() error {
	if l.bus == nil {
		return fmt.Errorf("no EventBus")
	}
	if err := eventbus.ValidateEventBus(l.bus); err != nil {
		return err
	}
	events := map[string]bool{}
	for _, source := range l.sources {
		for name, hook := range source.Spec.Webhook {
			if err := webhook.ValidateWebhookContext(&hook.WebhookContext); err != nil {
				return fmt.Errorf("event %s: %w", name, err)
			}
			events[source.Name+"/"+name] = true
		}
	}
	for _, s := range l.sensors {
		if err := sensor.ValidateSensor(s, l.bus); err != nil {
			return fmt.Errorf("sensor %s: %w", s.Name, err)
		}
		for _, d := range s.Spec.Dependencies {
			if !events[d.EventSourceName+"/"+d.EventName] {
				return fmt.Errorf("sensor %s: no event %s of source %s", s.Name, d.EventName, d.EventSourceName)
			}
		}
	}
	return nil
}

func (l *linter) filter(path string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data, err := json.Marshal(map[string]json.RawMessage{"header": json.RawMessage("{}"), "body": body})
	if err != nil {
		return err
	}
	for _, s := range l.sensors {
		for _, d := range s.Spec.Dependencies {
			event := &v1alpha1.Event{Context: &v1alpha1.EventContext{DataContentType: "application/json"}, Data: data}
			taken, err := dependencies.Filter(event, d.Filters, d.FiltersLogicalOperator)
			if err != nil { // a sensor logs it and lets the event go
				fmt.Fprintf(os.Stderr, "eventslint: sensor %s: %v\n", s.Name, err)
			}
			if err == nil && taken {
				fmt.Println(s.Name + "/" + d.Name)
			}
		}
	}
	return nil
}
