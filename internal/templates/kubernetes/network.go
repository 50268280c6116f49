package kubernetes

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
)

// callers marks the namespaces whose pods may call model servers. Without a mesh
// nothing finer than a namespace can be told apart by who calls.
const callers = "mlops.dev/caller"

// network denies everything and then allows, one policy for each reason.
func (w *writer) network() []any {
	var out []any
	for _, namespace := range append(w.workloads(), w.p.MonitoringNamespace()) {
		deny := w.policy("default-deny", namespace)
		deny.Spec.Types = []string{"Ingress", "Egress"}
		out = append(out, deny)
	}
	for _, namespace := range w.workloads() {
		out = append(out, w.egress("allow-dns", namespace, rule{
			To: []peer{{Namespaces: named("kube-system"), Pods: labelled("k8s-app", "kube-dns")}}, Ports: ports("UDP:53", "TCP:53"),
		}))
		inside := w.egress("allow-same-namespace", namespace, rule{To: []peer{{Pods: &labelSelector{}}}})
		inside.Spec.Types = []string{"Ingress", "Egress"}
		inside.Spec.Ingress = []rule{{From: []peer{{Pods: &labelSelector{}}}}}
		out = append(out, inside)
		if slices.Contains(w.p.Platform.Observability.Metrics, "prometheus") {
			out = append(out, w.ingress("allow-scraping", namespace, peer{Namespaces: named("monitoring")}))
		}
		if to := w.trackers(namespace); len(to) > 0 {
			out = append(out, w.egress("allow-trackers", namespace, to...))
		}
	}
	if to := w.lakes(); len(to) > 0 {
		out = append(out, w.egress("allow-lakefs", w.p.TrainingNamespace(), to...))
	}
	out = append(out, w.events()...)
	out = append(out, w.egress("allow-kubernetes-api", w.p.TrainingNamespace(), apiServer()))
	for _, environment := range w.p.Platform.EnvironmentNames() {
		if len(w.served(environment)) == 0 {
			continue
		}
		call := w.ingress("allow-callers", w.p.Namespace(environment), peer{Namespaces: labelled(callers, "true")})
		call.Spec.Pods = *labelled("component", "predictor")
		out = append(out, call)
	}
	return out
}

// events lets callers reach the webhooks that start pipelines: Alertmanager alone those
// of drift, and everything in the cluster those of data, which ask for a token.
func (w *writer) events() []any {
	var out []any
	open := func(name string, from peer, port int) {
		policy := w.ingress(name, w.p.TrainingNamespace(), from)
		policy.Spec.Pods = *labelled(argoevents.Label, argoevents.Source)
		policy.Spec.Ingress[0].Ports = ports("TCP:" + strconv.Itoa(port))
		out = append(out, policy)
	}
	if len(argoevents.Endpoints(w.p)) > 0 {
		open("allow-drift-events", peer{Namespaces: named("monitoring")}, argoevents.DriftPort)
	}
	if len(argoevents.Datasets(w.p)) > 0 {
		open("allow-data-events", peer{Namespaces: &labelSelector{}}, argoevents.DataPort)
	}
	return out
}

// apiServer is where Argo's executor reports results. A policy cannot name the
// API server, only addresses: private ones, on the ports that API servers use.
func apiServer() rule {
	r := rule{Ports: ports("TCP:443", "TCP:6443")}
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
		r.To = append(r.To, peer{Block: &block{private}})
	}
	return r
}

// served lists the endpoints of an environment.
func (w *writer) served(environment string) []*spec.Endpoint {
	return slices.DeleteFunc(slices.Clone(w.p.Endpoints), func(e *spec.Endpoint) bool {
		return !slices.Contains(w.p.EnvironmentsOf(e), environment)
	})
}

// trackers are the registries that pods of a namespace talk to: in training all,
// in an environment those that a server loads its model from.
func (w *writer) trackers(namespace string) []rule {
	used := map[string]bool{}
	for _, r := range w.p.Registries {
		used[r.Name] = namespace == w.p.TrainingNamespace()
	}
	for _, environment := range w.p.Platform.EnvironmentNames() {
		if namespace != w.p.Namespace(environment) {
			continue
		}
		for _, e := range w.served(environment) {
			if w.p.ModelStore(e.Model) == nil {
				used[string(w.p.Model(e.Model).Registry)] = true
			}
		}
	}
	var rules []rule
	for _, r := range w.p.Registries {
		if used[r.Name] && r.MLflow != nil {
			rules = append(rules, outside(r.MLflow.TrackingURI, r.Managed())...)
		}
	}
	return rules
}

// lakes allows the lakeFS servers whose data pipelines read.
func (w *writer) lakes() []rule {
	var rules []rule
	for _, d := range w.p.Read() {
		if d.LakeFS != nil {
			rules = append(rules, outside(d.LakeFS.Endpoint, false)...)
		}
	}
	return rules
}

// outside allows a server's address. A policy knows no host names: an address
// outside of the cluster becomes its port, anywhere.
func outside(server string, managed bool) []rule {
	u, err := url.Parse(server)
	if err != nil {
		return nil // refused by spec
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	labels := strings.Split(u.Hostname(), ".")
	address, err := netip.ParseAddr(u.Hostname())
	switch {
	case err == nil:
		return []rule{{To: []peer{{Block: &block{netip.PrefixFrom(address, address.BitLen()).String()}}}, Ports: ports("TCP:" + port)}}
	case len(labels) == 1:
		return nil // of the pod's own namespace
	}
	// The port is that of the pods behind the Service, which nobody here knows.
	inside := rule{To: []peer{{Namespaces: named(labels[1])}}}
	beyond := rule{To: []peer{{Block: &block{"0.0.0.0/0"}}}, Ports: ports("TCP:" + port)}
	switch {
	case managed || len(labels) > 2 && labels[2] == "svc":
		return []rule{inside}
	case len(labels) == 2: // a Service, or a domain
		return []rule{inside, beyond}
	}
	return []rule{beyond}
}

func (w *writer) policy(name, namespace string) *networkPolicy {
	return &networkPolicy{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Metadata: w.metadata(name, namespace)}
}

func (w *writer) egress(name, namespace string, to ...rule) *networkPolicy {
	p := w.policy(name, namespace)
	p.Spec.Types, p.Spec.Egress = []string{"Egress"}, to
	return p
}

func (w *writer) ingress(name, namespace string, from ...peer) *networkPolicy {
	p := w.policy(name, namespace)
	p.Spec.Types, p.Spec.Ingress = []string{"Ingress"}, []rule{{From: from}}
	return p
}

func named(namespace string) *labelSelector {
	return labelled("kubernetes.io/metadata.name", namespace)
}

func labelled(key, value string) *labelSelector {
	return &labelSelector{map[string]string{key: value}}
}

func ports(list ...string) []port {
	var out []port
	for _, text := range list {
		protocol, number, _ := strings.Cut(text, ":")
		n, _ := strconv.Atoi(number)
		out = append(out, port{Protocol: protocol, Port: n})
	}
	return out
}

// The part of networking.k8s.io/v1 this package writes, in output order.
type (
	networkPolicy struct {
		APIVersion string     `yaml:"apiVersion"`
		Kind       string     `yaml:"kind"`
		Metadata   metadata   `yaml:"metadata"`
		Spec       policySpec `yaml:"spec"`
	}
	policySpec struct {
		Pods    labelSelector `yaml:"podSelector"`
		Types   []string      `yaml:"policyTypes"`
		Ingress []rule        `yaml:"ingress,omitempty"`
		Egress  []rule        `yaml:"egress,omitempty"`
	}
	rule struct {
		From  []peer `yaml:"from,omitempty"`
		To    []peer `yaml:"to,omitempty"`
		Ports []port `yaml:"ports,omitempty"`
	}
	peer struct {
		Namespaces *labelSelector `yaml:"namespaceSelector,omitempty"`
		Pods       *labelSelector `yaml:"podSelector,omitempty"`
		Block      *block         `yaml:"ipBlock,omitempty"`
	}
	labelSelector struct {
		MatchLabels map[string]string `yaml:"matchLabels,omitempty"`
	}
	block struct {
		CIDR string `yaml:"cidr"`
	}
	port struct {
		Protocol string `yaml:"protocol"`
		Port     int    `yaml:"port"`
	}
)
