package dvc

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// moto starts a stand-in for S3 that others wrote, and gives its address.
func moto(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.CommandContext(t.Context(), realtools.Script(t, "moto", "moto_server"), "-H", "127.0.0.1", "-p", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 150 {
		res, err := http.Get("http://" + address + "/moto-api/data.json") //nolint:noctx // the stand-in's own
		if err == nil {
			_ = res.Body.Close()
			return "http://" + address
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("moto does not answer")
	return ""
}

// onAWS is the case with its buckets in S3.
func onAWS(c *templatestest.Case) *templatestest.Case {
	c.Specs[0]["cloud"], c.Specs[0]["region"], c.Specs[0]["orchestrator"] = "aws", "eu-west-1", "sagemaker_pipelines"
	return c
}

const putObjects = `import boto3, sys
s3 = boto3.client("s3")
for pair in sys.argv[1:]:
    key, _, text = pair.partition("=")
    print(s3.put_object(Bucket="store", Key=key, Body=text.encode())["VersionId"])
`

const makeBucket = `import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="store", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
`

// TestData_s3 pushes to S3 with the real DVC, reads from there with the programs, and
// the other way around.
func TestData_s3(t *testing.T) {
	server := moto(t)
	env := []string{"AWS_ENDPOINT_URL=" + server, "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", "NO_PROXY=127.0.0.1"}
	c := newClone(t, onAWS(reading("dvc", ofDVC)), "dvc")
	c.env = append(c.env, env...)
	c.python("compileall", "-q", "mlops").Accept(t, "the programs")
	script := func(text string, args ...string) string {
		res := realtools.Run(t, "boto3", c.dir, c.env, realtools.Python(t, "dvc"), append([]string{"-c", text}, args...)...)
		res.Accept(t, "boto3")
		return res.Stdout
	}
	script(makeBucket)
	if got := c.read(".dvc/config"); !strings.Contains(got, "    url = s3://store/dvc\n") || strings.Contains(got, "key") {
		t.Errorf("the remote is\n%s", got)
	}
	c.release(map[string]string{"a.csv": "label\n1\n", "b.csv": "label\n0\n"})
	c.pin().Accept(t, "the pin")
	c.remove("data/d", ".dvc/cache")
	c.repro().Accept(t, "the first run")
	if got := c.read("runs/p/copy/o/b.csv"); got != "label\n0\n" {
		t.Errorf("the step read %q", got)
	}
	c.dvc("pull", "data/d.dvc").Accept(t, "dvc pull")

	b := newClone(t, onAWS(reading("bucket", object{"name": "store", "prefix": "in/"})), "dvc")
	b.env = append(b.env, env...)
	b.repro().Refuse(t, "an empty prefix", "s3://store has no object below in")
	script(putObjects, "in/a.csv=label\n1\n", "in/deep/b.csv=label\n0\n", "in-old/c.csv=label\n9\n", "in/=")
	b.repro().Accept(t, "a run")
	first := b.read("runs/p/mlops-data/d.version.json")
	if got := b.read("runs/p/copy/o/deep/b.csv"); got != "label\n0\n" {
		t.Errorf("the step read %q", got)
	}
	script(putObjects, "in/a.csv=label\n1\n") // the same bytes, as a new version
	b.repro().Accept(t, "a run after a change")
	if again := b.read("runs/p/mlops-data/d.version.json"); again == first || !strings.Contains(again, "sha256:") {
		t.Errorf("a new version of an object gives the version %s again", again)
	}
	b.env = append(b.env, "AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1")
	b.repro().Refuse(t, "a store that does not answer", "error: s3://store: ")
}

func TestAddress(t *testing.T) {
	p, faults := onAWS(reading("bucket", object{"name": "store", "prefix": "in/"})).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	d := p.Dataset("d")
	for cloud, want := range map[string]string{"aws": "s3://store/in", "google": "gs://store/in", "local": "", "kubernetes": "", "azure": "abfss://store@" + spec.StorageAccount("x") + ".dfs.core.windows.net/in"} {
		p.Platform.Cloud = cloud
		if got := p.Address(d); got != want {
			t.Errorf("%s: address is %q, want %q", cloud, got, want)
		}
	}
	p.Platform.Cloud, d.Bucket, d.LakeFS = "local", nil, &spec.LakeFSSource{Repository: "r", Ref: "main", Path: "a/"}
	if got := p.Address(d); got != "lakefs://r/main/a/" {
		t.Errorf("lakeFS: address is %q", got)
	}
}
