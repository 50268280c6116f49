package azure_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

func TestMain(m *testing.M) { realtools.Main(m) }

const version = "2023-11-03"

// plane is a cloud whose blobs are in Azurite, and all else in the fake. The account of
// the platform is behind the endpoint, which is how a proxy would stand before one.
type plane struct {
	realtools.Blobs
	t     *testing.T
	fake  *azurefake.Azure
	token string
}

func azurite(t *testing.T, blobs realtools.Blobs) plane {
	return plane{Blobs: blobs, t: t, fake: azurefake.New(), token: blobs.Token(t, time.Now().Add(time.Hour))}
}

func (p plane) cloud(token string) cloud.Cloud {
	cfg := config(roundTrip(func(req *http.Request) (*http.Response, error) {
		if strings.HasPrefix(req.URL.String(), p.Address) {
			return p.Client.Transport.RoundTrip(req)
		}
		return p.fake.RoundTrip(req)
	}))
	cfg.Endpoints, cfg.Credential = map[string]string{"blob": p.Address}, azure.Token(token)
	cfg.Attempt = 10 * time.Second // a real server, on a busy machine
	return azure.New(cfg)
}

// do sends a request to Azurite as somebody who works with blobs does.
func (p plane) do(method, path, body string) (status int, text string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.Address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + p.token}, "X-Ms-Version": {version}, "X-Ms-Blob-Type": {"BlockBlob"}}
	resp, err := p.Client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func (p plane) must(method, path, body string) {
	p.t.Helper()
	if status, text := p.do(method, path, body); status >= 300 {
		p.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

// A container with blobs stays, one without them goes, and whoever may not ask is told so.
func TestBuckets_azurite(t *testing.T) {
	t.Parallel()
	p := azurite(t, realtools.Azurite(t))
	store := p.cloud(p.token).Buckets.Store
	id, err := store.Create(t.Context(), bucket("artifacts", nil))
	if err != nil {
		t.Fatal(err)
	}
	remove := func(token string) error {
		return p.cloud(token).Buckets.Store.Delete(t.Context(), id, bucket("artifacts", nil))
	}
	if err := remove(p.token); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("of a container that the blob service does not know: %v, want ErrNotFound", err)
	}
	p.must(http.MethodPut, "/artifacts?restype=container", "")
	for _, name := range []string{"churn/model.bin", "churn/a&b <c>", "z"} {
		p.must(http.MethodPut, "/artifacts/"+strings.NewReplacer("&", "%26", " ", "%20", "<", "%3C", ">", "%3E").Replace(name), "data")
	}
	if err := remove(p.token); !errors.Is(err, cloud.ErrNotEmpty) || !strings.Contains(err.Error(), "force_destroy") {
		t.Errorf("of a container with blobs: %v, want ErrNotEmpty and the way out", err)
	}
	if err := remove(p.Token(t, time.Now().Add(-time.Hour))); err == nil || errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), "Storage Blob Data Reader") {
		t.Errorf("with an expired token: %v, want the role that is needed", err)
	}
	for _, name := range []string{"churn/model.bin", "churn/a%26b%20%3Cc%3E", "z"} {
		p.must(http.MethodDelete, "/artifacts/"+name, "")
	}
	if err := remove(p.token); err != nil {
		t.Errorf("of an empty container: %v", err)
	}
	if n := p.fake.Count(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

// What the fake says of a listing is what Azurite says: the status, the code of an error
// and the names, in the same places.
func TestFake_azurite(t *testing.T) {
	t.Parallel()
	p := azurite(t, realtools.Azurite(t))
	account := someAccount(p.fake, "suite")
	for name, blobs := range map[string][]string{"none": nil, "some": {"a&b", "c"}} {
		account.Containers[name] = &azurefake.Container{Blobs: blobs}
		p.must(http.MethodPut, "/"+name+"?restype=container", "")
		for _, blob := range blobs {
			p.must(http.MethodPut, "/"+name+"/"+strings.ReplaceAll(blob, "&", "%26"), "data")
		}
	}
	for _, name := range []string{"none", "some", "absent"} {
		path := "/" + name + "?restype=container&comp=list&include=versions"
		status, text := p.do(http.MethodGet, path, "")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://suite.blob.core.windows.net"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer x"}, "X-Ms-Version": {version}}
		resp, err := p.fake.RoundTrip(req) //nolint:bodyclose // it is a text in memory
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := listing(t, string(data)), listing(t, text); resp.StatusCode != status || got != want {
			t.Errorf("%s: the fake says %d %s, Azurite %d %s", name, resp.StatusCode, got, status, want)
		}
	}
}

// listing is an answer without what the driver does not read.
func listing(t *testing.T, text string) string {
	t.Helper()
	var page struct {
		XMLName    xml.Name
		Code       string
		Names      []string `xml:"Blobs>Blob>Name"`
		NextMarker string
	}
	if err := xml.Unmarshal([]byte(text), &page); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return fmt.Sprintf("%s %s %q %q", page.XMLName.Local, page.Code, page.Names, page.NextMarker)
}
