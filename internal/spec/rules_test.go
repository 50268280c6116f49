package spec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const pinned = "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestPlatform_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindPlatform
	env := func(body string) string { return `{"environments": {"production": ` + body + `}}` }
	try(t, map[string]rule{
		"valid": {kind, `{
			"cluster": {"name": "ml", "oidc_issuer": "https://oidc"}, "tags": {"cost-center.v1": "1"}, "observability": {"metrics": ["prometheus", "prometheus"], "cost": [], "drift": []},
			"environments": {"production": {"approvals": 6, "approvers": ["@acme/ml-leads", "@me"], "freeze": [{"cron": "0 18 * * 5", "duration": "62h", "timezone": "Europe/Paris"}],
				"quota": {"cpu": "64", "memory": "256Gi", "accelerators": {"nvidia-l4": 200, "nvidia-t4": 0}}, "budget": {"monthly": 20000, "alert_at": [0.5, 1.0]}}},
			"security": {"pod_security": "baseline", "network_policies": false, "allowed_registries": ["ghcr.io/acme"], "scan_severity": "CRITICAL"},
			"packages": {"kserve": {"version": "v0.20.0"}, "keda": {"existing": true}}}`, nil},
		"several":               {kind, `{"name": "", "owner": "", "cloud": "moon", "environments": {"production": {"approvals": 9}}}`, []fault{{"cloud", "is not one of local, kubernetes"}, {`environments["production"].approvals`, "from 0 to 6"}, {"name", "must be set"}, {"owner", "must be set"}}},
		"name too long":         {kind, `{"name": "` + strings.Repeat("a", 41) + `"}`, one("name", "41 characters, at most 40")},
		"name of capitals":      {kind, `{"name": "Fraud_ML"}`, one("name", `"fraud-ml" would do`)},
		"name with a digit":     {kind, `{"name": "1fraud"}`, one("name", "must start with a letter")},
		"no environment":        {kind, `{"environments": null}`, one("environments", "at least one environment")},
		"region on local":       {kind, `{"region": "eu-west-1"}`, one("region", "no regions")},
		"no region":             {kind, `{"cloud": "aws"}`, one("region", `must be set for cloud "aws"`)},
		"issuer":                {kind, `{"cluster": {"name": "ml", "oidc_issuer": "http://oidc"}}`, one("cluster.oidc_issuer", "must be the https address")},
		"issuer's name":         {kind, `{"cluster": {"name": "ml", "oidc_issuer": "foo"}}`, one("cluster.oidc_issuer", "must be the https address")},
		"no cluster name":       {kind, `{"cluster": {}}`, one("cluster.name", "must be set")},
		"empty registry":        {kind, `{"security": {"allowed_registries": ["a", ""]}}`, one("security.allowed_registries[1]", "must be set")},
		"signed images":         {kind, `{"security": {"signed_images": true}}`, one("security.signed_images", "not supported")},
		"empty system":          {kind, `{"observability": {"metrics": [""]}}`, one("observability.metrics", "must be set")},
		"tag key":               {kind, `{"tags": {"a b": "x", "` + strings.Repeat("k", 51) + `": "x"}}`, []fault{{`tags["a b"]`, "the key must be"}, {`tags["` + strings.Repeat("k", 51) + `"]`, "at most 50"}}},
		"component":             {kind, `{"packages": {"redis": {}}}`, one(`packages["redis"]`, "there are: airflow, argo_cd")},
		"existing and values":   {kind, `{"packages": {"keda": {"existing": true, "values": "a: 1"}}}`, one(`packages["keda"].existing`, "leave them out")},
		"environment name":      {kind, `{"environments": {"Prod": {}, "an-environment-of-a-long-name": {}, "base": {}, "monitoring": {}}}`, []fault{{`environments["Prod"]`, `"prod" would do`}, {`environments["an-environment-of-a-long-name"]`, "at most 20"}, {`environments["base"]`, "reserved are platform, training"}, {`environments["monitoring"]`, "reserved"}}},
		"promote from nothing":  {kind, env(`{"promote_from": "stagin"}`), one(`environments["production"].promote_from`, `no environment "stagin"; there are: production, staging`)},
		"promotion circle":      {kind, `{"environments": {"staging": {"promote_from": "production"}}}`, []fault{{`environments["production"].promote_from`, "circle"}, {`environments["staging"].promote_from`, "circle"}}},
		"promotion from itself": {kind, env(`{"promote_from": "production"}`), one(`environments["production"].promote_from`, "circle")},
		"into a circle":         {kind, `{"environments": {"staging": {"promote_from": "qa"}, "qa": {"promote_from": "staging"}}}`, []fault{{`environments["production"].promote_from`, `back to "staging"`}, {`environments["qa"].promote_from`, "circle"}, {`environments["staging"].promote_from`, "circle"}}},
		"after nothing":         {kind, `{"environments": {"staging": {"promote_from": "qa"}}}`, one(`environments["staging"].promote_from`, `no environment "qa"`)},
		"negative approvals":    {kind, env(`{"approvals": -1}`), one(`environments["production"].approvals`, "from 0 to 6")},
		"approver":              {kind, env(`{"approvers": ["ml-leads", "@a b", "@"]}`), []fault{{`environments["production"].approvers[0]`, "such as @acme"}, {`environments["production"].approvers[1]`, "such as"}, {`environments["production"].approvers[2]`, "such as"}}},
		"freeze": {kind, env(`{"freeze": [{"cron": "@weekly", "timezone": "Mars"}, {"duration": "0s"}, {"cron": "0 0 * * *", "duration": "long"}]}`), []fault{
			{`environments["production"].freeze[0].cron`, "fields"}, {`environments["production"].freeze[0].duration`, "must be set"}, {`environments["production"].freeze[0].timezone`, "IANA"},
			{`environments["production"].freeze[1].cron`, "must be set"}, {`environments["production"].freeze[1].duration`, "at least one second"}, {`environments["production"].freeze[2].duration`, "not a duration"}}},
		"quota": {kind, env(`{"quota": {"cpu": "-1", "memory": "lots", "accelerators": {"gpu": 1, "nvidia-l4": -1}}}`), []fault{
			{`environments["production"].quota.accelerators["gpu"]`, "is not an accelerator"}, {`environments["production"].quota.accelerators["nvidia-l4"]`, "negative"},
			{`environments["production"].quota.cpu`, "not an amount"}, {`environments["production"].quota.memory`, "not an amount"}}},
		"quota units": {kind, env(`{"quota": {"cpu": "8Gi", "memory": "256"}}`), []fault{{`environments["production"].quota.cpu`, "number of cores"}, {`environments["production"].quota.memory`, `such as "512Mi"`}}},
		"budget":      {kind, env(`{"budget": {"alert_at": [0.5, 0]}}`), []fault{{`environments["production"].budget.alert_at[1]`, "above zero"}, {`environments["production"].budget.monthly`, "above zero"}}},
		"no money":    {kind, env(`{"budget": {"monthly": -5}}`), one(`environments["production"].budget.monthly`, "above zero")},
	})
}

func TestBucket_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindBucket
	try(t, map[string]rule{
		"valid":         {kind, `{"name": "` + strings.Repeat("b", 63) + `", "existing": "/data", "lifecycle": [{"expire_after_days": 1}, {"prefix": "tmp/", "noncurrent_expire_after_days": 1}]}`, nil},
		"names":         {kind, `{"name": "Artifacts", "platform": ""}`, []fault{{"name", "lower-case"}, {"platform", "must be set"}}},
		"long name":     {kind, `{"name": "` + strings.Repeat("b", 64) + `"}`, one("name", "at most 63")},
		"idle rule":     {kind, `{"lifecycle": [{"prefix": "x"}]}`, one("lifecycle[0]", "does nothing")},
		"prefixes":      {kind, `{"lifecycle": [{"prefix": "/tmp", "expire_after_days": 1}, {"prefix": "tmp/*", "expire_after_days": 1}]}`, []fault{{"lifecycle[0].prefix", "begin without a slash"}, {"lifecycle[1].prefix", "no wildcards"}}},
		"own logs":      {kind, `{"access_logs": {"bucket": "artifacts"}}`, one("access_logs.bucket", "is the bucket itself")},
		"other's logs":  {kind, `{"access_logs": {"bucket": "logs"}}`, nil},
		"negative days": {kind, `{"lifecycle": [{"expire_after_days": -1}, {"noncurrent_expire_after_days": -2}]}`, []fault{{"lifecycle[0].expire_after_days", "-1 must not be negative"}, {"lifecycle[1].noncurrent_expire_after_days", "-2 must not be negative"}}},
	})
}

func TestDataset_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindDataset
	path := func(p string) string { return `{"local": {"path": "` + p + `"}}` }
	column := func(body string) string { return `{"columns": {"c": ` + body + `}}` }
	rules := map[string]rule{
		"valid": {kind, `{"columns": {"amount": {"type": "number", "min": 0, "max": 0.5, "nullable": true}, "label": {"type": "integer", "values": [0, 1]},
			"country": {"type": "string", "values": ["FR"]}, "ok": {"type": "boolean", "values": ["true"]}}}`, nil},
		"name":             {kind, `{"name": "my data"}`, one("name", `"my-data" would do`)},
		"no source":        {kind, `{"local": null}`, one("name", "exactly one of dvc, lakefs, bucket, local; 0 are set")},
		"two sources":      {kind, `{"bucket": {"name": "b", "prefix": "p"}}`, one("local", "2 are set: bucket, local")},
		"no column type":   {kind, column(`{}`), one(`columns["c"].type`, "must be set")},
		"column type":      {kind, column(`{"type": "float"}`), one(`columns["c"].type`, "is not one of number, integer")},
		"bounds of text":   {kind, column(`{"type": "string", "min": 1, "max": 2}`), []fault{{`columns["c"].max`, "need a column of type"}, {`columns["c"].min`, "need a column of type"}}},
		"bounds reversed":  {kind, column(`{"type": "number", "min": 0.10, "max": 0.0999}`), one(`columns["c"].min`, "0.10 is above max 0.0999")},
		"value of number":  {kind, column(`{"type": "number", "values": [1, "x"]}`), one(`columns["c"].values[1]`, "not a number")},
		"value of integer": {kind, column(`{"type": "integer", "values": ["1.5"]}`), one(`columns["c"].values[0]`, "not a whole number")},
		"value of boolean": {kind, column(`{"type": "boolean", "values": ["yes"]}`), one(`columns["c"].values[0]`, "not true or false")},
	}
	for _, good := range []string{"a.csv", "data/2024/t-1_x.csv", "a/b..c", "daten/ü.csv"} {
		rules["path "+good] = rule{kind, path(good), nil}
	}
	for _, bad := range []string{"/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "-rf", "a b", "~/x", ".git/config", "a/.GIT/x", ".mlops/x", `a\\b`, "a*", "$x", "a\\nb", "a:b", "{a}"} {
		rules["path "+bad] = rule{kind, path(bad), one("local.path", "plain relative path")}
	}
	rules["no path"] = rule{kind, path(""), one("local.path", "must be set")}
	try(t, rules)
}

func TestRegistry_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindRegistry
	try(t, map[string]rule{
		"managed":                  {kind, `{"mlflow": {"managed": true}}`, nil},
		"existing":                 {kind, `{"mlflow": {"tracking_uri": "https://mlflow.example.com", "managed": false}, "credentials": {"secret": "s", "keys": {"MLFLOW_TRACKING_PASSWORD": "p"}}}`, nil},
		"name":                     {kind, `{"name": "-"}`, one("name", "lower-case")},
		"settings of another":      {kind, `{"weights_and_biases": {"project": "p"}, "clearml": {}}`, []fault{{"clearml", `type is "mlflow"`}, {"weights_and_biases", "remove them or change type"}}},
		"mlflow settings":          {kind, `{"type": "neptune", "mlflow": {}}`, []fault{{"mlflow", `settings of mlflow, but type is "neptune"`}, {"neptune.project", "must be set"}}},
		"no address":               {kind, `{"mlflow": {"managed": false}}`, one("mlflow.tracking_uri", "must be set when managed = false")},
		"address without a scheme": {kind, `{"mlflow": {"tracking_uri": "mlflow:5000"}}`, one("mlflow.tracking_uri", "must start with http://")},
		"credentials":              {kind, `{"credentials": {"keys": {"A-B": "x"}}}`, []fault{{`credentials.keys["A-B"]`, "environment variable"}, {"credentials.secret", "must be set"}}},
	})
	d := decode(t, kind, `{"mlflow": {"tracking_uri": "https://mlflow.example.com"}}`)
	if r, ok := d.Spec.(*spec.Registry); !ok || r.Managed() || d.Faults.Err() != nil {
		t.Errorf("a registry with an address of its own is managed: %v", d.Faults)
	}
	if (&spec.Registry{}).Managed() {
		t.Error("a registry without settings is managed")
	}
}

func TestModel_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindModel
	gate := func(body string) string { return `{"gates": [` + body + `]}` }
	try(t, map[string]rule{
		"no gates on purpose": {kind, `{"gates": []}`, nil},
		"valid": {kind, `{"gates": [{"metric": "auc-1", "op": "<", "baseline": "champion", "tolerance": 0}, {"metric": "n", "op": "between", "min": 1, "max": 1}],
			"promotion": {"to": ["staging"], "mode": "direct", "soak": "0s"}, "lineage": {"require": []}, "tags": {"a.b": "x"}}`, nil},
		"no gates":           {kind, `{"gates": null}`, one("gates", "write gates = [] to accept every version")},
		"no registry":        {kind, `{"registry": ""}`, one("registry", "must be set")},
		"name":               {kind, `{"name": "9lives"}`, one("name", "must start with a letter")},
		"empty gate":         {kind, gate(`{}`), []fault{{"gates[0]", "either threshold or baseline"}, {"gates[0].metric", "must be set"}, {"gates[0].op", "must be set"}}},
		"operator":           {kind, gate(`{"metric": "auc", "op": "==", "threshold": 1}`), one("gates[0].op", "is not one of >=, >, <=, <, between")},
		"metric":             {kind, gate(`{"metric": "auc roc", "op": ">=", "threshold": 1}`), one("gates[0].metric", "letters, digits")},
		"both bounds":        {kind, gate(`{"metric": "auc", "op": ">=", "threshold": 1, "baseline": "champion"}`), one("gates[0]", "either threshold or baseline")},
		"baseline":           {kind, gate(`{"metric": "auc", "op": ">=", "baseline": "challenger"}`), one("gates[0].baseline", `there is "champion"`)},
		"tolerance":          {kind, gate(`{"metric": "auc", "op": ">=", "threshold": 1, "tolerance": 0.1}`), one("gates[0].tolerance", "needs baseline")},
		"negative tolerance": {kind, gate(`{"metric": "auc", "op": ">=", "baseline": "champion", "tolerance": -0.1}`), one("gates[0].tolerance", "zero or above")},
		"between one":        {kind, gate(`{"metric": "n", "op": "between", "min": 1}`), one("gates[0]", "needs min and max")},
		"between and more":   {kind, gate(`{"metric": "n", "op": "between", "min": 1, "max": 2, "threshold": 1}`), one("gates[0]", "and nothing else")},
		"between reversed":   {kind, gate(`{"metric": "n", "op": "between", "min": 2, "max": 1.999}`), one("gates[0].min", "2 is above max 1.999")},
		"bounds not between": {kind, gate(`{"metric": "n", "op": ">=", "min": 2}`), one("gates[0]", `belong to op = "between"`)},
		"promotion":          {kind, `{"promotion": {"to": ["a", "a"], "mode": "chat", "soak": "1 day"}}`, []fault{{"promotion.mode", "pull_request, direct"}, {"promotion.soak", "not a duration"}, {"promotion.to[1]", "named twice"}}},
		"lineage":            {kind, `{"lineage": {"require": ["code", "code", "weather", ""]}}`, []fault{{"lineage.require[1]", "named twice"}, {"lineage.require[2]", "is not one of"}, {"lineage.require[3]", "must be set"}}},
		"tags":               {kind, `{"tags": {"-": "x", "long": "` + strings.Repeat("x", 5001) + `"}}`, []fault{{`tags["-"]`, "the key"}, {`tags["long"]`, "5001 characters"}}},
	})
}

func TestPipeline_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindPipeline
	train := func(body string) string { return `{"steps": {"train": ` + body + `}}` }
	at := func(rest string) string { return `steps["train"].` + rest }
	parameter := func(body string) string { return `{"parameters": {"p": ` + body + `}}` }
	try(t, map[string]rule{
		"valid": {kind, `{
			"parameters": {"s": {"type": "string"}, "b": {"type": "boolean", "default": "true"}, "i": {"type": "integer", "default": -3}},
			"steps": {"train": {"image": "` + pinned + `", "retries": 10, "timeout": "6h", "cache": false, "env": {"A_1": "$(params.rate)", "B": "$$(x)"}, "secret_env": {"API_KEY": {"secret": "tracker", "key": "k"}},
				"resources": {"cpu": "500m", "memory": "1.5Gi", "accelerator": {"type": "nvidia-l4", "count": 64}}},
				"report": {"command": ["x"], "needs": ["train", "train"]}},
			"timeout": "6h", "concurrency": "allow", "orchestrator": "argo_workflows", "artifacts": "a", "tracking": "t",
			"triggers": {"schedule": {"cron": "0 3 * * *", "timezone": "UTC"}, "push": {"branches": ["main", "release/*"], "paths": ["src/**"]}, "manual": false}}`, nil},
		"metrics through env": {kind, train(`{"args": ["$(inputs.features)", "$(outputs.model)"], "env": {"METRICS": "$(metrics)"}}`), nil},
		"without training":    {kind, `{"trains": null}`, nil},
		"several": {kind, `{"name": "x_", "steps": {"train": {"args": ["$(params.lr)", "$(metrics)"], "needs": ["evaluate"], "retries": 11}}, "trains": {"artifact": "prepare.model"}}`, []fault{
			{"name", "lower-case"}, {at("args[0]"), `no parameter "lr"; there are: rate`}, {at("needs[0]"), `no step "evaluate"; there are: prepare, train`}, {at("retries"), "from 0 to 10"}, {"trains.artifact", `step "prepare" has no output "model"; it has: features`}}},
		"name":            {kind, `{"name": "` + strings.Repeat("p", 53) + `"}`, one("name", "at most 52")},
		"no steps":        {kind, `{"steps": null, "trains": null}`, one("steps", "at least one step")},
		"no steps trains": {kind, `{"steps": null}`, []fault{{"steps", "at least one step"}, {"trains.artifact", "there are: none"}, {"trains.metrics", "there are: none"}}},
		"no command":      {kind, train(`{"command": []}`), one(at("command"), "must be set")},
		"no image":        {kind, `{"image": null, "steps": {"prepare": {"image": "` + pinned + `"}}}`, one(at("image"), "here or as image of the pipeline")},
		"images":          {kind, `{"image": "fraud:latest", "steps": {"train": {"image": "fraud"}}}`, []fault{{"image", "instead of :latest"}, {at("image"), "an image without tag means :latest"}}},
		"step names":      {kind, `{"steps": {"my step": {"command": ["x"]}, "` + strings.Repeat("s", 64) + `": {"command": ["x"]}}}`, []fault{{`steps["my step"]`, "letters, digits, dashes and underscores"}, {`steps["` + strings.Repeat("s", 64) + `"]`, "at most 63"}}},
		"step collision":  {kind, `{"steps": {"pre_pare": {"command": ["x"]}, "pre-pare": {"command": ["x"]}, "Train": {"command": ["x"]}}}`, []fault{{`steps["pre_pare"]`, `"pre-pare" and "pre_pare" both become "pre-pare"`}, {`steps["train"]`, `"Train" and "train" both become "train"`}}},
		"taken names":     {kind, `{"steps": {"dataset": {"command": ["x"]}, "Gate": {"command": ["x"]}, "register": {"command": ["x"]}}}`, []fault{{`steps["Gate"]`, "is taken"}, {`steps["dataset"]`, "is taken"}, {`steps["register"]`, "is taken"}}},
		"outputs":         {kind, train(`{"outputs": ["model", "model", "a b", "Metrics", "MODEL"]}`), []fault{{at("outputs[1]"), "named twice"}, {at("outputs[2]"), "letters"}, {at("outputs[3]"), "taken by $(metrics)"}, {at("outputs[4]"), "both become"}}},
		"input names":     {kind, train(`{"inputs": {"a b": "prepare.features", "Features": "prepare.features"}}`), []fault{{at(`inputs["a b"]`), "letters"}, {at(`inputs["features"]`), "both become"}}},
		"input forms": {kind, train(`{"inputs": {"a": "prepare", "b": "prepare.", "c": "nobody.x", "d": "train.model", "e": "dataset.", "f": "prepare.nothing", "g": "report.x"}}`), []fault{
			{at(`inputs["a"]`), `must be "STEP.OUTPUT" or "dataset.NAME"`}, {at(`inputs["b"]`), "must be"}, {at(`inputs["c"]`), `no step "nobody"`},
			{at(`inputs["d"]`), "its own output"}, {at(`inputs["d"]`), "waits for itself"}, {at(`inputs["e"]`), "must be"}, {at(`inputs["f"]`), "it has: features"}, {at(`inputs["g"]`), `no step "report"`}}},
		"no outputs":     {kind, `{"steps": {"report": {"command": ["x"]}, "last": {"command": ["x"], "inputs": {"r": "report.x"}}}}`, one(`steps["last"].inputs["r"]`, "it has: none")},
		"cycle of needs": {kind, `{"steps": {"prepare": {"needs": ["report"]}, "report": {"command": ["x"], "needs": ["train"]}}}`, []fault{{`steps["prepare"].needs[0]`, "prepare needs report needs train needs prepare"}, {`steps["report"].needs[0]`, "report needs train needs prepare needs report"}, {at(`inputs["features"]`), "needs and inputs form a cycle"}}},
		"needs itself":   {kind, train(`{"needs": ["train"]}`), one(at("needs[0]"), "train needs train")},
		"beside a cycle": {kind, `{"steps": {"a": {"command": ["x"], "needs": ["b"]}, "b": {"command": ["x"], "needs": ["a"]}, "c": {"command": ["x"], "needs": ["a"]}}}`, []fault{{`steps["a"].needs[0]`, "cycle"}, {`steps["b"].needs[0]`, "cycle"}}},
		"tokens": {kind, train(`{"command": ["x", "$(param.rate)"], "args": ["$(metrics)", "$(inputs.data)", "a$(outputs.other)b", "$(params.)", "$(open"], "env": {"X": "$(params.x)"}}`), []fault{
			{at("args[1]"), `no input "data"; it has: features`}, {at("args[2]"), `no output "other"; it has: model`}, {at("args[3]"), "unknown token"}, {at("args[4]"), `unknown token "$(open"`}, {at("command[1]"), "write $$( for a literal $("}, {at(`env["X"]`), "no parameter"}}},
		"tokens of nothing": {kind, `{"parameters": null, "steps": {"report": {"command": ["$(params.a)", "$(inputs.b)", "$(outputs.c)"]}, "train": {"args": ["$(metrics)"]}}}`, []fault{{`steps["report"].command[0]`, "there are: none"}, {`steps["report"].command[1]`, "it has: none"}, {`steps["report"].command[2]`, "it has: none"}}},
		"environment": {kind, train(`{"env": {"A-B": "x", "MLOPS_X": "y", "KEY": "v"}, "secret_env": {"KEY": {"secret": "s", "key": "k"}, "1": {}}}`), []fault{
			{at(`env["A-B"]`), "not the name of an environment variable"}, {at(`env["MLOPS_X"]`), "emitted repository itself"}, {at(`secret_env["1"]`), "not the name"}, {at(`secret_env["1"].key`), "must be set"}, {at(`secret_env["1"].secret`), "must be set"}, {at(`secret_env["KEY"]`), "set in env too"}}},
		"timeouts":            {kind, `{"timeout": "1h", "steps": {"train": {"timeout": "61m"}, "prepare": {"timeout": "500ms"}}}`, []fault{{at("timeout"), "61m is longer than the whole pipeline's timeout 1h"}, {`steps["prepare"].timeout`, "whole seconds"}}},
		"no time":             {kind, `{"timeout": "0s"}`, one("timeout", "at least one second")},
		"resources":           {kind, train(`{"resources": {"cpu": "4Gi", "memory": "16", "accelerator": {"type": "gpu", "count": 65}}}`), []fault{{at("resources.accelerator.count"), "from 1 to 64"}, {at("resources.accelerator.type"), "there are: amd-mi300x"}, {at("resources.cpu"), "cores"}, {at("resources.memory"), "mebibyte"}}},
		"no accelerator type": {kind, train(`{"resources": {"accelerator": {"count": 1}}}`), one(at("resources.accelerator.type"), "must be set")},
		"parameter name":      {kind, `{"parameters": {"a b": {"type": "string"}, "Rate": {"type": "string"}}}`, []fault{{`parameters["a b"]`, "letters"}, {`parameters["rate"]`, "both become"}}},
		"parameter type":      {kind, parameter(`{}`), one(`parameters["p"].type`, "must be set")},
		"parameter float":     {kind, parameter(`{"type": "float"}`), one(`parameters["p"].type`, "string, number, integer, boolean")},
		"number default":      {kind, parameter(`{"type": "number", "default": "0x1"}`), one(`parameters["p"].default`, "not a number")},
		"integer default":     {kind, parameter(`{"type": "integer", "default": 0.5}`), one(`parameters["p"].default`, "not a whole number")},
		"boolean default":     {kind, parameter(`{"type": "boolean", "default": "yes"}`), one(`parameters["p"].default`, "not true or false")},
		"secret default":      {kind, `{"parameters": {"api_key": {"type": "string", "default": "hunter2"}}}`, one(`parameters["api_key"].default`, "plain-text secret")},
		"concurrency":         {kind, `{"concurrency": "queue"}`, one("concurrency", "forbid, allow, replace")},
		"trains nothing":      {kind, `{"trains": {"model": null, "artifact": null}}`, []fault{{"trains.artifact", "must be set"}, {"trains.model", "must be set"}}},
		"trains a dataset":    {kind, `{"trains": {"artifact": "dataset.transactions"}}`, one("trains.artifact", "name the output of a step")},
		"trains wrongly":      {kind, `{"trains": {"artifact": "train.weights"}}`, one("trains.artifact", `step "train" has no output "weights"; it has: model`)},
		"metrics of nobody":   {kind, `{"trains": {"metrics": "evaluate"}}`, one("trains.metrics", `no step "evaluate"`)},
		"no metrics":          {kind, `{"trains": {"metrics": "prepare"}}`, one("trains.metrics", `step "prepare" writes no metrics: hand it the file with $(metrics)`)},
		"schedule":            {kind, `{"triggers": {"schedule": {"timezone": "Local"}}}`, []fault{{"triggers.schedule.cron", "must be set"}, {"triggers.schedule.timezone", "IANA"}}},
		"push":                {kind, `{"triggers": {"push": {}}}`, one("triggers.push.branches", "at least one branch")},
		"branches":            {kind, `{"triggers": {"push": {"branches": ["", "a b", "a:b", "ok"]}}}`, []fault{{"triggers.push.branches[0]", "not a branch"}, {"triggers.push.branches[1]", "not a branch"}, {"triggers.push.branches[2]", "not a branch"}}},
		"empty triggers":      {kind, `{"triggers": {"data": {}, "drift": {}}}`, []fault{{"triggers.data.dataset", "must be set"}, {"triggers.drift.endpoint", "must be set"}}},
	})
}

func TestEndpoint_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindEndpoint
	const custom = `"runtime": "custom", "custom": {"image": "` + pinned + `", "port": 8080, "command": ["serve"]}`
	try(t, map[string]rule{
		"valid": {kind, `{` + custom + `, "resources": {"cpu": "2"}, "replicas": {"min": 2, "max": 1000}, "autoscaling": {"metric": "prometheus", "target": 0.5, "prometheus": {"query": "up"}},
			"slo": {"availability": 99.99, "latency_p95_ms": 0.5, "window": "90d"}, "alerts": {"receivers": ["slack:#a", "email:a@b.c", "pagerduty:X", "webhook:w"], "runbook": "https://x"},
			"monitors": {"drift": {"dataset": "d", "method": "ks", "schedule": "5 * * * *", "retrain": "p"}, "quality": {"max_null_ratio": 0}, "performance": {"metric": "auc", "op": ">=", "threshold": 0, "labels": "l"}},
			"environments": {"staging": {"replicas": {"max": 2}, "autoscaling": {"metric": "cpu", "target": 100}}}}`, nil},
		"several":           {kind, `{"name": "Score", "model": null, "replicas": {"min": 5, "max": 4}, "slo": {"availability": 100}}`, []fault{{"model", "must be set"}, {"name", "lower-case"}, {"replicas.max", "4 is below min 5"}, {"slo.availability", "below 100"}}},
		"name":              {kind, `{"name": "` + strings.Repeat("e", 41) + `"}`, one("name", "at most 40")},
		"runtime":           {kind, `{"runtime": "onnx"}`, one("runtime", "mlserver, sklearn")},
		"custom left out":   {kind, `{"runtime": "custom"}`, one("custom", "goes with runtime")},
		"custom not chosen": {kind, `{"custom": {"image": "` + pinned + `", "port": 1}}`, one("custom", "goes with runtime")},
		"custom":            {kind, `{"runtime": "custom", "custom": {"command": ["--token", "abc"]}}`, []fault{{"custom.command[1]", "plain-text secret"}, {"custom.image", "must be set"}, {"custom.port", "from 1 to 65535"}}},
		"custom image":      {kind, `{"runtime": "custom", "custom": {"image": "x:latest", "port": 65536}}`, []fault{{"custom.image", "floats"}, {"custom.port", "65536 must be"}}},
		"negative":          {kind, `{"replicas": {"min": -1}}`, one("replicas.min", "negative")},
		"too many":          {kind, `{"replicas": {"max": 1001}}`, one("replicas.max", "from 1 to 1000")},
		"overrides": {kind, `{"environments": {"a": {"replicas": {"min": 0}, "resources": {"cpu": "x"}, "autoscaling": {"metric": "cpu", "target": 101}}}}`, []fault{
			{`environments["a"].autoscaling.target`, "percentage"}, {`environments["a"].replicas.min`, "knative"}, {`environments["a"].resources.cpu`, "not an amount"}}},
		"autoscaling":      {kind, `{"autoscaling": {"metric": "mood", "target": 0, "scale_to_zero": true}}`, []fault{{"autoscaling.metric", "is not one of concurrency, rps"}, {"autoscaling.scale_to_zero", "knative"}, {"autoscaling.target", "above zero"}}},
		"no query":         {kind, `{"autoscaling": {"metric": "prometheus"}}`, one("autoscaling.prometheus", "goes with metric")},
		"empty query":      {kind, `{"autoscaling": {"metric": "prometheus", "prometheus": {}}}`, one("autoscaling.prometheus.query", "must be set")},
		"query not chosen": {kind, `{"autoscaling": {"prometheus": {"query": "up"}}}`, one("autoscaling.prometheus", "and only with it")},
		"canary": {kind, `{"rollout": {"strategy": "canary", "rollback": false, "steps": [{"weight": 50, "pause": "x"}, {"weight": 10}, {"weight": 101}, {"weight": 50}], "analysis": [{"metric": "mood", "op": "between"}, {}]}}`, []fault{
			{"rollout.analysis[0].metric", "error_rate, latency"}, {"rollout.analysis[0].op", "belongs to gates"}, {"rollout.analysis[0].threshold", "must be set"},
			{"rollout.analysis[1].metric", "must be set"}, {"rollout.analysis[1].op", "must be set"}, {"rollout.analysis[1].threshold", "must be set"},
			{"rollout.steps[0].pause", "not a duration"}, {"rollout.steps[1].weight", "10 must be above the step before it (50)"}, {"rollout.steps[2].weight", "at most 100"}, {"rollout.steps[3].weight", "above the step before"}, {"rollout.strategy", "not supported"}}},
		"rolling with steps":    {kind, `{"rollout": {"steps": [{"weight": 10}]}}`, one("rollout.strategy", `belong to "canary"`)},
		"rolling without a way": {kind, `{"rollout": {"rollback": false}}`, one("rollout.rollback", "leave rollback out")},
		"mesh":                  {kind, `{"fallback": {"static": {"a": "b"}}, "shadow": {"model": "m"}, "access": {"public": true}}`, []fault{{"access", "needs a mesh"}, {"fallback", "needs a mesh"}, {"shadow", "needs a mesh"}}},
		"slo of nothing":        {kind, `{"slo": {"window": "30d"}}`, one("slo", "promises nothing")},
		"slo":                   {kind, `{"slo": {"availability": 0, "latency_p95_ms": 0, "window": "23h"}}`, []fault{{"slo.availability", "above 0"}, {"slo.latency_p95_ms", "above zero"}, {"slo.window", "from 1d to 90d"}}},
		"window":                {kind, `{"slo": {"availability": 1, "window": "91d"}}`, one("slo.window", "from 1d to 90d")},
		"no window":             {kind, `{"slo": {"availability": 1, "window": "month"}}`, one("slo.window", "not a duration")},
		"drift":                 {kind, `{"monitors": {"drift": {"method": "vibes", "threshold": 0, "schedule": "hourly"}}}`, []fault{{"monitors.drift.dataset", "must be set"}, {"monitors.drift.method", "psi, ks"}, {"monitors.drift.schedule", "not a cron"}, {"monitors.drift.threshold", "above zero"}}},
		"quality":               {kind, `{"monitors": {"quality": {"max_null_ratio": 1.01}}}`, one("monitors.quality.max_null_ratio", "from 0 to 1")},
		"no quality":            {kind, `{"monitors": {"quality": {}}}`, one("monitors.quality.max_null_ratio", "from 0 to 1")},
		"performance":           {kind, `{"monitors": {"performance": {}}}`, []fault{{"monitors.performance.labels", "must be set"}, {"monitors.performance.metric", "must be set"}, {"monitors.performance.op", "must be set"}, {"monitors.performance.threshold", "must be set"}}},
		"performance between":   {kind, `{"monitors": {"performance": {"metric": "a", "op": "between", "threshold": 1, "labels": "l"}}}`, one("monitors.performance.op", "compare with one threshold")},
		"alerts":                {kind, `{"alerts": {"receivers": ["#fraud", "sms:1", "slack:"], "runbook": "wiki"}}`, []fault{{"alerts.receivers[0]", "slack:#channel"}, {"alerts.receivers[1]", "slack:"}, {"alerts.receivers[2]", "slack:"}, {"alerts.runbook", "web address"}}},
	})
}

func TestGPUPool_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindGPUPool
	try(t, map[string]rule{
		"valid":         {kind, `{"capacity": ["spot", "on_demand"], "max_hourly_price": 1.5, "sharing": {"strategy": "time_slicing", "replicas": 4}, "labels": {"team": "fraud", "x.example/y": ""}, "taints": [{"key": "k", "value": "v", "effect": "NoExecute"}]}`, nil},
		"mig":           {kind, `{"accelerator": {"type": "nvidia-h100"}, "sharing": {"strategy": "mig", "profile": "1g.10gb"}}`, nil},
		"none":          {kind, `{"accelerator": null, "platform": null}`, []fault{{"accelerator", "must be set"}, {"platform", "must be set"}}},
		"accelerator":   {kind, `{"accelerator": {"type": "gpu", "count": 0}}`, []fault{{"accelerator.type", "is not an accelerator"}, {"accelerator.count", "from 1 to 64"}}},
		"nodes":         {kind, `{"nodes": {"min": -1, "max": 0}}`, []fault{{"nodes.min", "not be negative"}, {"nodes.max", "at least 1"}}},
		"nodes swapped": {kind, `{"nodes": {"min": 5, "max": 4}}`, one("nodes.min", "5 is above max 4")},
		"capacity":      {kind, `{"capacity": ["spot", "spot", ""]}`, []fault{{"capacity[1]", "named twice"}, {"capacity[2]", "must be set"}}},
		"price":         {kind, `{"max_hourly_price": 0}`, one("max_hourly_price", "above zero")},
		"no replicas":   {kind, `{"sharing": {"strategy": "mps"}}`, one("sharing.replicas", "at least 2")},
		"no profile":    {kind, `{"accelerator": {"type": "nvidia-a100"}, "sharing": {"strategy": "mig"}}`, one("sharing.profile", "1g.10gb")},
		"in vain":       {kind, `{"sharing": {"replicas": 2, "profile": "x"}}`, []fault{{"sharing.replicas", "belongs to"}, {"sharing.profile", "belongs to mig"}}},
		"labels":        {kind, `{"labels": {"a b": "x", "c": "d e"}}`, []fault{{`labels["a b"]`, "no label"}, {`labels["c"]`, "no label"}}},
		"equal taints":  {kind, `{"taints": [{"key": "k", "effect": "NoExecute"}, {"key": "k", "effect": "NoSchedule"}, {"key": "k", "value": "v", "effect": "NoExecute"}]}`, one("taints[2]", "is that of taints[0] again")},
		"taints":        {kind, `{"taints": [{}]}`, []fault{{"taints[0].key", "must be set"}, {"taints[0].effect", "must be set"}}},
	})
}

func TestIdentity_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindIdentity
	try(t, map[string]rule{
		"valid":          {kind, `{"grants": [{"access": "read", "bucket": "b", "prefix": "transactions/"}, {"access": "write", "bucket": "b"}, {"access": "read", "secret": "s"}]}`, nil},
		"github":         {kind, `{"subject": {"kubernetes": null, "github": {"repository": "acme/fraud", "environment": "production"}}}`, nil},
		"gitlab":         {kind, `{"subject": {"kubernetes": null, "gitlab": {"project": "acme/ml/fraud", "branch": "main"}}}`, nil},
		"nobody":         {kind, `{"subject": null}`, one("subject", "needs exactly one of kubernetes, github, gitlab; 0 are set")},
		"two":            {kind, `{"subject": {"github": {"repository": "a/b"}}}`, one("subject", "2 are set")},
		"no account":     {kind, `{"subject": {"kubernetes": {"namespace": "A", "service_account": null}}}`, []fault{{"subject.kubernetes.namespace", "lower-case"}, {"subject.kubernetes.service_account", "must be set"}}},
		"any repository": {kind, `{"subject": {"kubernetes": null, "github": {"repository": "acme/*"}}}`, one("subject.github.repository", "without wildcards")},
		"any of GitHub":  {kind, `{"subject": {"kubernetes": null, "github": {"repository": "acme/x", "environment": "*"}}}`, one("subject.github.environment", "without wildcards")},
		"any of GitLab":  {kind, `{"subject": {"kubernetes": null, "gitlab": {"project": "acme/x", "branch": "release/*"}}}`, one("subject.gitlab.branch", "without wildcards")},
		"nothing left":   {kind, `{"subject": {"kubernetes": {"namespace": "*"}}}`, one("subject.kubernetes.namespace", "start and end with a letter or digit")},
		"any project":    {kind, `{"subject": {"kubernetes": null, "gitlab": {"project": "*"}}}`, one("subject.gitlab.project", "without wildcards")},
		"grants nothing": {kind, `{"grants": [{"access": "read"}, {"access": "read", "bucket": "b", "secret": "s"}]}`, []fault{{"grants[0]", "exactly one of bucket and secret"}, {"grants[1]", "exactly one of bucket and secret"}}},
		"wildcards":      {kind, `{"grants": [{"access": "read", "bucket": "*"}, {"access": "write", "bucket": "b", "prefix": "x*"}]}`, []fault{{"grants[0]", "a wildcard would grant more"}, {"grants[1]", "a wildcard would grant more"}}},
		"secrets":        {kind, `{"grants": [{"access": "write", "secret": "s"}, {"access": "read", "secret": "s", "prefix": "p"}, {"secret": "s"}]}`, []fault{{"grants[0].access", "workloads read secrets"}, {"grants[1].prefix", "granted as a whole"}, {"grants[2].access", "must be set"}}},
		"prefixes":       {kind, `{"grants": [{"access": "read", "bucket": "b", "prefix": "/x"}, {"access": "read", "bucket": "b", "prefix": "a/../b"}]}`, []fault{{"grants[0].prefix", "prefix of object names"}, {"grants[1].prefix", "prefix of object names"}}},
	})
}

func TestSecret_rules(t *testing.T) {
	t.Parallel()
	const kind = spec.KindSecret
	try(t, map[string]rule{
		"valid":    {kind, `{"existing": null, "path": "fraud/tracker", "generate": {"session_key": {"length": 32}}, "sync": {"namespaces": ["fraud-training"]}}`, nil},
		"existing": {kind, `{}`, nil},
		"both":     {kind, `{"path": "a/b"}`, one("existing", "only referred to")},
		"paths":    {kind, `{"existing": null, "path": "/a"}`, one("path", "plain path")},
		"generate": {kind, `{"existing": null, "generate": {"a b": {"length": 8}}}`, []fault{{`generate["a b"]`, "letters, digits"}, {`generate["a b"].length`, "from 16 to 1024"}}},
		"keys":     {kind, `{"existing": null, "generate": {".dockerconfigjson": {}, "..x": {}, "": {}, "a/b": {"length": 16}}}`, []fault{{`generate["..x"]`, "two dots"}, {`generate[""]`, "letters, digits"}, {`generate["a/b"]`, "letters, digits"}}},
		"sync":     {kind, `{"sync": {"namespaces": ["A"]}}`, one("sync.namespaces[0]", "lower-case")},
		"a name":   {kind, `{"existing": "A"}`, one("existing", "lower-case")},
	})
}

func TestIdentity_Principal(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]string{
		`{}`: "system:serviceaccount:fraud-training:trainer",
		`{"subject": {"kubernetes": null, "github": {"repository": "a/b", "environment": "e"}}}`: "repo:a/b:environment:e",
		`{"subject": {"kubernetes": null, "github": {"repository": "a/b"}}}`:                     "repo:a/b",
		`{"subject": {"kubernetes": null, "gitlab": {"project": "a/b", "branch": "m"}}}`:         "project_path:a/b:ref_type:branch:ref:m",
		`{"subject": {"kubernetes": null, "gitlab": {"project": "a/b"}}}`:                        "project_path:a/b",
		`{"subject": null}`:                 "",
		`{"subject": {"kubernetes": null}}`: "",
	} {
		i, ok := decode(t, spec.KindIdentity, patch).Spec.(*spec.Identity)
		if !ok || i.Principal() != want {
			t.Errorf("%s: %v, want %s", patch, i.Principal(), want)
		}
	}
}

func TestIdentity_Policy(t *testing.T) {
	t.Parallel()
	i, ok := decode(t, spec.KindIdentity, `{"grants": [{"access": "read", "bucket": "b", "prefix": "p/"}, {"access": "write", "bucket": "b"}, {"access": "read", "secret": "s"}]}`).Spec.(*spec.Identity)
	if !ok {
		t.Fatal("no identity")
	}
	want := spec.Policy{Version: "1", Principal: "system:serviceaccount:fraud-training:trainer", Allow: []spec.Allowance{
		{Actions: []string{"list", "read"}, Bucket: "b", Prefix: "p/"}, {Actions: []string{"list", "read", "write"}, Bucket: "b"}, {Actions: []string{"read"}, Secret: "s"},
	}}
	if got := i.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("policy is %+v", got)
	}
}
