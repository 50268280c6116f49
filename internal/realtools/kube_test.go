package realtools_test

import (
	"path/filepath"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

const inferenceService = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: fraud
  annotations: {serving.kserve.io/deploymentMode: Standard}
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 3
    model:
      modelFormat: {name: sklearn}
      storageUri: pvc://models/models/fraud/1
  canary:
    - trafficPercent: 10
      predictor: {name: next, model: {name: kserve-container, modelFormat: {name: sklearn}, storageUri: "pvc://models/models/fraud/2"}}
`

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          ports: [{containerPort: 8080}]
          resources: {requests: {memory: 1Gi}, limits: {memory: 2Gi}}
`

const cronJob = `apiVersion: batch/v1
kind: CronJob
metadata: {name: drift}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}}
`

const networkPolicy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
`

const scaledObject = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: fraud}
spec:
  scaleTargetRef: {name: fraud-predictor}
  triggers: [{type: prometheus, metadata: {serverAddress: "http://prometheus:9090", query: up, threshold: "1"}}]
`

const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: fraud}
spec:
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: example.com}}]}]
`

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: fraud, namespace: argocd}
spec:
  project: default
  destination: {namespace: fraud, server: "https://kubernetes.default.svc"}
  source: {repoURL: "https://git.example.com/a.git", path: endpoints, targetRevision: main}
`

const serviceMonitor = `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: fraud}
spec: {selector: {matchLabels: {app: fraud}}, endpoints: [{port: http, interval: 30s}]}
`

func TestKubeValidate(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, dir string) realtools.Result {
		return realtools.KubeValidate(t, filepath.Join(dir, "o.yaml"))
	}
	file := func(text string) files { return files{"o.yaml": text} }
	bite(t, map[string]tooth{
		"native: unknown field":       {file(deployment), "replicas", "replica", `unknown field "spec.replica"`, check},
		"native: selector":            {file(deployment), "matchLabels: {app: web}", "matchLabels: {app: other}", "does not match template", check},
		"native: request over limit":  {file(deployment), "requests: {memory: 1Gi}", "requests: {memory: 3Gi}", "must be less than or equal", check},
		"native: port":                {file(deployment), "8080", "80800", "between 1 and 65535", check},
		"native: label":               {file(deployment), "{name: web, labels: {app: web}}", "{name: web, labels: {app: a b}}", "a valid label", check},
		"native: name":                {file(deployment), "{name: web, ", "{name: Web, ", "RFC 1123", check},
		"native: key twice":           {file(deployment), "  replicas: 1", "  replicas: 1\n  replicas: 2", "already set", check},
		"native: cron":                {file(cronJob), "0 3 * * *", "0 25 * * *", "25", check},
		"native: policy type":         {file(networkPolicy), "[Ingress]", "[In]", "Unsupported value", check},
		"native: version":             {file(cronJob), "batch/v1", "batch/v1beta2", "not served in version v1beta2", check},
		"KServe: unknown field":       {file(inferenceService), "minReplicas", "minReplica", "unknown field spec.predictor.minReplica", check},
		"KEDA: unknown field":         {file(scaledObject), "triggers", "trigger", "unknown field spec.trigger", check},
		"KEDA: required field":        {file(scaledObject), "type: prometheus, ", "", "Required value", check},
		"Gateway: CEL rule":           {file(route), ", requestRedirect: {hostname: example.com}", "", "requestRedirect must be specified", check},
		"Argo CD: wrong type":         {file(application), "targetRevision: main", "targetRevision: 5", "must be of type string", check},
		"Argo: unknown field":         {file(cronWorkflow), "schedules", "schedule", "unknown field spec.schedule", check},
		"Prometheus: bad duration":    {file(serviceMonitor), "interval: 30s", "interval: 30 s", "should match", check},
		"nobody knows the kind":       {file(serviceMonitor), "ServiceMonitor", "ServiceMonitors", "no schema for this kind", check},
		"definition: version missing": {file(scaledObject), "keda.sh/v1alpha1", "keda.sh/v1", "version v1 is not served", check},
	})
}
