package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestImages(t *testing.T) {
	t.Parallel()
	const digest = "@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	tests := map[string]struct {
		image string
		want  string
		warns bool
	}{
		"digest":             {"ghcr.io/acme/fraud" + digest, "", false},
		"tag and digest":     {"ghcr.io/acme/fraud:1.2" + digest, "", false},
		"port and digest":    {"localhost:5000/a/b_c--d" + digest, "", false},
		"bare name":          {"fraud" + digest, "", false},
		"tag":                {"ghcr.io/acme/fraud:V1.2", "has a tag without digest", true},
		"port and tag":       {"localhost:5000/fraud:1", "has a tag without digest", true},
		"no tag":             {"ghcr.io/acme/fraud", "an image without tag means :latest", false},
		"port, no tag":       {"localhost:5000/fraud", "an image without tag means :latest", false},
		"latest":             {"fraud:latest", "instead of :latest", false},
		"latest with digest": {"fraud:latest" + digest, "beside its digest", false},
		"short digest":       {"fraud@sha256:abc", "not an image reference", false},
		"other digest":       {"fraud@md5:" + strings.Repeat("a", 64), "not an image reference", false},
		"at":                 {"fraud@", "not an image reference", false},
		"capitals":           {"ghcr.io/Acme/fraud:1", "not an image reference", false},
		"two tags":           {"fraud:1:2", "not an image reference", false},
		"empty part":         {"ghcr.io//fraud:1", "not an image reference", false},
		"scheme":             {"https://ghcr.io/acme/fraud:1", "not an image reference", false},
		"space":              {"fraud :1", "not an image reference", false},
		"line break":         {"fraud:1\\n", "not an image reference", false},
		"template":           {"{{ image }}", "not an image reference", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decode(t, spec.KindPipeline, `{"image": "`+tt.image+`"}`)
			if tt.want == "" {
				if len(d.Faults) > 0 {
					t.Error(d.Faults)
				}
				return
			}
			if len(d.Faults) != 1 || d.Faults[0].Path.String() != "image" || !strings.Contains(d.Faults[0].Message, tt.want) || d.Faults[0].Warning != tt.warns || (d.Faults.Err() == nil) != tt.warns {
				t.Errorf("%+v", d.Faults)
			}
		})
	}
}

// Parts are joined so that no scanner takes this file for a leak.
var plainSecrets = []string{
	"AKIA" + "IOSFODNN7EXAMPLE", "ASIA" + "IOSFODNN7EXAMPLE", "ghp_" + strings.Repeat("a1B2", 9), "github_pat_" + strings.Repeat("a1B2", 9), "glpat-" + strings.Repeat("x", 20),
	"xoxb-" + "1234567890-abcdef", "sk-" + "proj-" + strings.Repeat("a1B2", 6), "sk-" + strings.Repeat("a1B2", 12), "hf_" + strings.Repeat("aBcD", 9), "npm_" + strings.Repeat("a1B2", 9),
	"hvs." + strings.Repeat("a1B2", 6), "AIza" + strings.Repeat("a1B2x", 7), "dapi" + strings.Repeat("0a1b", 8), "-----BEGIN RSA " + "PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----",
	"eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "https://hooks.slack.com/" + "services/T000/B000/XXXX", "AccountKey=" + strings.Repeat("a1B2", 12),
}

var randomKeys = []string{
	"wJ4lrXUtnF8MI/K7mDeNG/" + "bPxRfiCYaX3mPl2KeYq1", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ" + "q83vEjRWeJA=", "3q2+7wH1kZbT9xYc" + "5mQ8Lg==", "zX9" + "vB2nM4kL7jH1gF3dS8aQ6wE5rT0yU9iO2",
}

func TestSecrets_plainText(t *testing.T) {
	t.Parallel()
	step := func(body string) string { return `{"steps": {"report": {"command": ["x"], ` + body + `}}}` }
	rules := map[string]rule{}
	for i, s := range append(plainSecrets, randomKeys...) {
		rules[fmt.Sprint("env ", i)] = rule{spec.KindPipeline, step(`"env": {"X": "` + s + `"}`), one(`steps["report"].env["X"]`, "plain-text secret")}
		rules[fmt.Sprint("arg ", i)] = rule{spec.KindPipeline, step(`"args": ["run", "` + s + `"]`), one(`steps["report"].args[1]`, "plain-text secret")}
		rules[fmt.Sprint("flag ", i)] = rule{spec.KindPipeline, step(`"args": ["--value=` + s + `"]`), one(`steps["report"].args[0]`, "plain-text secret")}
	}
	for _, name := range []string{"PASSWORD", "DB_PASSWORD", "password", "TOKEN", "HF_TOKEN", "WANDB_API_KEY", "apikey", "accessToken", "AWS_SECRET_ACCESS_KEY", "CLIENT_SECRET", "CREDENTIALS", "PRIVATE_KEY", "SIGNING_KEY", "PASSPHRASE"} {
		rules["env "+name] = rule{spec.KindPipeline, step(`"env": {"` + name + `": "hunter2"}`), one(`steps["report"].env["`+name+`"]`, "is named like a secret; use secret_env")}
	}
	for _, args := range [][2]string{
		{`"--api-key=abc"`, "0"}, {`"--api-key", "abc"`, "1"}, {`"-token", "abc"`, "1"}, {`"PASSWORD=abc"`, "0"}, {`"model.api_key=abc"`, "0"}, {`"sh", "-c", "export DB_PASSWORD='a b'; run"`, "2"},
		{`"-c", "curl --token abc https://x"`, "1"}, {`"--db.password", "123456"`, "1"}, {`"x", "--secret=\"abc\""`, "1"},
	} {
		rules["args "+args[0]] = rule{spec.KindPipeline, step(`"args": [` + args[0] + `]`), one(`steps["report"].args[`+args[1]+`]`, "plain-text secret: the argument")}
	}
	rules["command"] = rule{spec.KindPipeline, `{"steps": {"report": {"command": ["x", "--password", "hunter2"]}}}`, one(`steps["report"].command[2]`, "follows a flag")}
	try(t, rules)
}

func TestSecrets_harmless(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{}
	for i, env := range [][2]string{
		{"TOKENIZERS_PARALLELISM", "false"}, {"MAX_TOKENS", "512"}, {"MAX_TOKEN", "512"}, {"PAD_TOKEN", "x"}, {"KEY_COLUMN", "id"}, {"SECRET_NAME", "tracker"}, {"TOKEN_PATH", "x"}, {"PRIMARY_KEY", "id"},
		{"TOKEN", "/var/run/secrets/token"}, {"TOKEN", "$(params.rate)"}, {"PASSWORD", "$PW"}, {"API_KEY", ""}, {"USE_TOKEN", "true"}, {"EOS", "<|endoftext|>"}, {"TOKEN", "<pad>"},
		{"SECRET", "arn:aws:secretsmanager:eu-west-1:1:secret:x"}, {"SECRET", "projects/p/secrets/s"}, {"TOKEN", "https://vault.example.com/v1/x"},
		{"IMAGE", pinned}, {"DIGEST", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, {"GIT_SHA", "f3b52cd0a1b2c3d4e5f60718293a4b5c6d7e8f90"}, {"ID", "6F9619FF-8B86-D011-B42D-00CF4FC964FF"},
		{"URL", "https://example.com/a/B1/c2D3e4F5g6H7i8J9k0L1m2N3o4"}, {"DATA", "s3://bucket/Train2024/part-00001-Ab12Cd34Ef56.parquet"}, {"FILE", "/data/Ab1/Cd2/Ef3/Gh4/Ij5/Kl6/Mn7/Op8.bin"},
		{"DATA", "data/2024/Train-00001-of-00512/FraudTransactionsEurope.parquet"}, {"MODEL", "meta-llama/Llama-3.1-8B-Instruct"}, {"MODEL", "mistralai/Mixtral-8x7B-Instruct-v0.1-GPTQ-4bit"}, {"CLASS", "T5ForConditionalGenerationWithLoRAAndQuantization"},
		{"TEXT", "A long sentence with Capitals, 42 numbers and (many) words is not a secret at all."}, {"CACHE", "disk-cache-directory-for-the-training-job"}, {"LIB", "scikit-learn-pipeline-of-the-team"}, {"TASK", "task-0123456789abcdef0123456789abcdef"},
		{"OPTS", "lr=0.1,layers=3,Optimizer=AdamW,beta1=0.9,beta2=0.999"}, {"LIST", "a1,B2,c3,D4,e5,F6,g7,H8,i9,J0,k1,L2,m3"}, {"JSON", `{\"learningRate\": 0.05, \"nEstimators\": 200}`},
	} {
		rules[fmt.Sprint("env ", i, " ", env[0])] = rule{spec.KindPipeline, `{"steps": {"report": {"command": ["x"], "env": {"` + env[0] + `": "` + env[1] + `"}}}}`, nil}
	}
	for i, args := range []string{
		`"--tokenizer", "bert-base-uncased"`, `"--max-tokens", "512"`, `"--pad-token", "<pad>"`, `"--eos-token=x"`, `"--token", "/var/run/token"`, `"--token-file", "x"`, `"--token", "--verbose"`, `"--password"`,
		`"--out=my-token", "value"`, `"python", "-c", "if token==other: pass"`, `"python", "-c", "token=os.environ['T']; password = read()"`, `"python", "-c", "token=load(path)"`, `"--use-token=true"`, `"--api-key", "$(params.rate)"`, `"--key=id"`, `"--secret-name", "x"`,
		`"sh", "-c", "train --token $TOKEN"`, `"--password", ""`,
	} {
		rules[fmt.Sprint("args ", i)] = rule{spec.KindPipeline, `{"steps": {"report": {"command": ["x"], "args": [` + args + `]}}}`, nil}
	}
	try(t, rules)
}

// A URI with a password and the known forms of tokens are refused in every text of
// every kind.
func TestText_everyLeafOfEveryKind(t *testing.T) {
	t.Parallel()
	tried := 0
	c := readCase(t, "full")
	for i, kind := range c.kinds {
		for _, n := range nodes("", c.objects[i]) {
			if _, text := n.old.(string); !text {
				continue
			}
			tried++
			for bad, want := range map[string]string{
				"postgresql://app:hunter2@db/x": "must not carry user:password@",
				plainSecrets[0]:                 "plain-text secret",
				"a\x00b":                        "control character",
				"a\u200b\ufeff":                 "control character",
			} {
				n.set(bad)
				found := false
				for _, f := range spec.Decode(kind, c.objects[i]).Faults {
					found = found || (dotted(f.Path) == n.path && strings.Contains(f.Message, want) && !f.Warning)
				}
				if !found && !unreadable(spec.Decode(kind, c.objects[i]), n.path) {
					t.Errorf("%s: %s = %q passes", kind, n.path, bad)
				}
				n.set(n.old)
			}
		}
	}
	if tried < 80 {
		t.Errorf("only %d texts were tried", tried)
	}
}

// unreadable reports whether a text could not even be read at its place.
func unreadable(d spec.Decoded, path string) bool {
	for _, f := range d.Faults {
		if dotted(f.Path) == path && strings.Contains(f.Message, "is not a number") {
			return true
		}
	}
	return false
}

func TestText_keys(t *testing.T) {
	t.Parallel()
	try(t, map[string]rule{
		"tag":  {spec.KindModel, `{"tags": {"https://u:p@h": "x"}}`, []fault{{`tags["https://u:p@h"]`, "the key"}, {`tags["https://u:p@h"]`, "user:password@"}}},
		"bell": {spec.KindPlatform, `{"tags": {"a\u0007": "x"}}`, []fault{{"tags[\"a\\a\"]", "the key"}, {"tags[\"a\\a\"]", `control character '\a'`}}},
	})
}

func TestText_credentialURIs(t *testing.T) {
	t.Parallel()
	value := func(text string) string { return `{"packages": {"keda": {"values": "` + text + `"}}}` }
	rules := map[string]rule{}
	for _, bad := range []string{
		"https://user:pw@host", "redis://:pw@host", "postgresql+psycopg://u:p/w@host:5432/db", "see http://host:80/x and https://u:p@h", "mysql://u:p#w?x@h", "a: http://u:12345@h", "http://h:80/,https://u:p@h",
	} {
		rules["bad "+bad] = rule{spec.KindPlatform, value(bad), one(`packages["keda"].values`, "user:password@")}
	}
	for _, good := range []string{
		"https://user@host", "git@github.com:acme/x.git", "http://host:8080/users/a@b.c", "http://host:8080?mail=a@b.c", "oci://localhost:5000/x:1@sha256:abc", "https://host/a:b@c", "user:pw@host",
		`{\"u\":\"http://h\",\"m\":\"a@b\"}`, "mailto:a@b.c", "http://host:8080", "ssh://git@host:22/x",
	} {
		rules["good "+good] = rule{spec.KindPlatform, value(good), nil}
	}
	try(t, rules)
}
