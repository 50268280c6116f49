package spec

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// NeptuneShutdown is the day on which the hosted service of Neptune ended.
const NeptuneShutdown = "2026-03-05"

// WeightsAndBiases is a project of an account or team; BaseURL is that of an own server.
type WeightsAndBiases struct {
	Entity  string `json:"entity,omitempty"`
	Project string `json:"project,omitempty"`
	BaseURL string `json:"base_url,omitempty"`
}

// Neptune is a project, written workspace/project; BaseURL is that of an own server.
type Neptune struct {
	Project string `json:"project,omitempty"`
	BaseURL string `json:"base_url,omitempty"`
}

// ClearML is a ClearML server: its three addresses, and the project that runs go to.
type ClearML struct {
	APIHost   string `json:"api_host,omitempty"`
	WebHost   string `json:"web_host,omitempty"`
	FilesHost string `json:"files_host,omitempty"`
	Project   string `json:"project,omitempty"`
}

// SageMaker is a model registry of AWS; the region is the platform's unless given.
type SageMaker struct {
	Region string `json:"region,omitempty"`
	Prefix string `json:"model_package_group_prefix,omitempty"`
}

// AzureML is a workspace of Azure Machine Learning.
type AzureML struct {
	Workspace      string `json:"workspace,omitempty"`
	ResourceGroup  string `json:"resource_group,omitempty"`
	SubscriptionID string `json:"subscription_id,omitempty"`
}

// Vertex is the model registry of a Google Cloud project in one location.
type Vertex struct {
	Project  string `json:"project,omitempty"`
	Location string `json:"location,omitempty"`
}

// settings says which systems have settings.
func (r *Registry) settings() map[string]bool {
	return map[string]bool{
		"mlflow": r.MLflow != nil, "weights_and_biases": r.WeightsAndBiases != nil, "neptune": r.Neptune != nil, "clearml": r.ClearML != nil,
		"sagemaker": r.SageMaker != nil, "azureml": r.AzureML != nil, "vertex": r.Vertex != nil,
	}
}

// needs are the variables without which a client cannot sign in. Those of the clouds
// sign in as the identity that a pod or a job runs as.
var needs = map[string][]string{
	"weights_and_biases": {"WANDB_API_KEY"},
	"neptune":            {"NEPTUNE_API_TOKEN"},
	"clearml":            {"CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY"},
}

// Variables maps each variable of the client to its key of the secret. API_KEY stays
// beside the variable that it stands for where the system has exactly one.
func (r *Registry) Variables() map[string]string {
	out := map[string]string{}
	if r.Credentials == nil {
		return out
	}
	for variable, key := range r.Credentials.Keys {
		out[variable] = key
	}
	if key, short := out["API_KEY"]; short && len(needs[r.Type]) == 1 {
		if own := needs[r.Type][0]; out[own] == "" {
			out[own] = key
		}
	}
	return out
}

var (
	neptuneProject = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
	wandbName      = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	groupPrefix    = pattern.New(`^[A-Za-z0-9](-?[A-Za-z0-9])*-?$`)
	awsRegion      = pattern.New(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	subscription   = pattern.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	azureName      = pattern.New(`^[A-Za-z0-9_][A-Za-z0-9_.()-]*$`)
	googleProject  = pattern.New(`^([a-z][a-z0-9.]*[:])?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	googleLocation = pattern.New(`^[a-z]+(-[a-z]+)+[0-9]+$`)
)

// address checks where a server answers; an empty one is somebody else's business.
func (c *checker) address(at Path, uri string) {
	if uri == "" {
		return
	}
	if !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") {
		c.fault(at, "%q must start with http:// or https://: pods and pipelines reach the server over the network", uri)
		return
	}
	if u, err := url.Parse(uri); err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		c.fault(at, "%q must be an address with a host, without query and fragment", uri)
	}
}

func (c *checker) form(at Path, value string, form *pattern.Pattern, like string) {
	if value != "" && !form.MatchString(value) {
		c.fault(at, "%q must look like %s", value, like)
	}
}

func (r *Registry) checkAddresses(c *checker) {
	if w := r.WeightsAndBiases; w != nil {
		c.address(At("weights_and_biases", "base_url"), w.BaseURL)
		c.form(At("weights_and_biases", "entity"), w.Entity, wandbName, "acme")
		c.form(At("weights_and_biases", "project"), w.Project, wandbName, "fraud")
	}
	if n := r.Neptune; n != nil {
		c.address(At("neptune", "base_url"), n.BaseURL)
		if u, err := url.Parse(n.BaseURL); err == nil && (u.Hostname() == "neptune.ai" || strings.HasSuffix(u.Hostname(), ".neptune.ai")) {
			c.fault(At("neptune", "base_url"), "%q was the hosted service, which was shut down on %s: name an own server, or leave base_url out and log offline", n.BaseURL, NeptuneShutdown)
		}
	}
	if m := r.ClearML; m != nil {
		for host, uri := range map[string]string{"api_host": m.APIHost, "web_host": m.WebHost, "files_host": m.FilesHost} {
			if uri != "" && !strings.HasPrefix(uri, "https://") {
				c.fault(At("clearml", host), "%q must start with https://: the client sends its secret key there", uri)
			} else {
				c.address(At("clearml", host), uri)
			}
		}
	}
	r.checkClouds(c)
}

func (r *Registry) checkClouds(c *checker) {
	if s := r.SageMaker; s != nil {
		c.form(At("sagemaker", "region"), s.Region, awsRegion, "eu-west-1")
		c.form(At("sagemaker", "model_package_group_prefix"), s.Prefix, groupPrefix, "fraud-")
		if len(s.Prefix) > 12 {
			c.fault(At("sagemaker", "model_package_group_prefix"), "%q has %d characters, at most 12 are possible: the group's name ends in the model's", s.Prefix, len(s.Prefix))
		}
	}
	if a := r.AzureML; a != nil {
		c.form(At("azureml", "workspace"), a.Workspace, azureName, "fraud-ml")
		c.form(At("azureml", "resource_group"), a.ResourceGroup, azureName, "fraud-rg")
		c.form(At("azureml", "subscription_id"), a.SubscriptionID, subscription, "00000000-0000-0000-0000-000000000000")
	}
	if v := r.Vertex; v != nil {
		c.form(At("vertex", "project"), v.Project, googleProject, "acme-fraud")
		c.form(At("vertex", "location"), v.Location, googleLocation, "europe-west1")
	}
}

// checkTracker checks what the type asks for.
func (r *Registry) checkTracker(c *checker) {
	switch r.Type {
	case "weights_and_biases":
		w := settled(r.WeightsAndBiases)
		c.required(At("weights_and_biases", "entity"), w.Entity)
		c.required(At("weights_and_biases", "project"), w.Project)
	case "neptune":
		n := settled(r.Neptune)
		if c.required(At("neptune", "project"), n.Project) {
			c.form(At("neptune", "project"), n.Project, neptuneProject, "workspace/project")
		}
		c.warn(At("type"), "neptune: the hosted service was shut down on %s, and its data deleted: runs go to an own server (base_url) or stay in offline files", NeptuneShutdown)
	case "clearml":
		c.required(At("clearml", "api_host"), settled(r.ClearML).APIHost)
	case "azureml":
		if a := r.AzureML; a != nil {
			c.required(At("azureml", "workspace"), a.Workspace)
			c.required(At("azureml", "resource_group"), a.ResourceGroup)
			c.required(At("azureml", "subscription_id"), a.SubscriptionID)
		}
	case "vertex":
		if v := r.Vertex; v != nil {
			c.required(At("vertex", "project"), v.Project)
			c.required(At("vertex", "location"), v.Location)
		}
	}
	r.checkSignIn(c)
}

// checkSignIn warns of a client that could not sign in.
func (r *Registry) checkSignIn(c *checker) {
	given := r.Variables()
	missing := slices.DeleteFunc(slices.Clone(needs[r.Type]), func(name string) bool { return given[name] != "" })
	if len(missing) > 0 {
		c.warn(At("credentials"), "%s: its client reads %s: name the secret's keys in credentials, or set the variables where the pipeline's programs run", r.Type, strings.Join(missing, " and "))
	}
}

// settled is what a pointer holds, or an empty value.
func settled[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// CloudOf is the cloud that a type of registry belongs to, or "".
func CloudOf(registry string) string {
	return map[string]string{"sagemaker": "aws", "azureml": "azure", "vertex": "google"}[registry]
}

// registry checks that a registry can be reached from this platform.
func (l *linker) registry(r *Registry) {
	if r.Credentials != nil {
		l.refer(r, At("credentials", "secret"), "secret", r.Credentials.Secret)
	}
	if cloud := CloudOf(r.Type); cloud != "" && cloud != l.p.Platform.Cloud && !r.settings()[r.Type] {
		l.fault(r, At("type"), "%s is the registry of cloud %q, and platform %q is on cloud %q: give the settings block %s to use it from here, or choose one of mlflow, weights_and_biases, neptune, clearml", r.Type, cloud, l.p.Platform.Name, l.p.Platform.Cloud, r.Type)
	}
}
