// Package secretsmanagerfake is AWS Secrets Manager in memory, for tests only. It knows
// versions, staging labels, tags and scheduled deletion; it encrypts nothing.
package secretsmanagerfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Epoch is the time of everything in the fake, in seconds.
const Epoch = 946684800

// Service is one region of one account.
type Service struct {
	mu      sync.Mutex
	secrets map[string]*Secret // by name
	made    int
	// Hidden is how many times a new secret is not found. Strict refuses a create that is
	// tried twice, as it does another one of that name.
	Hidden int
	Strict bool
}

// Secret is a secret as it is kept.
type Secret struct {
	Name, ARN, KmsKeyID string
	Tags                map[string]string
	Deleted             bool // scheduled for deletion
	Window              int64
	Versions            map[string]*Version
	hidden              int
}

// Version is one version of the values.
type Version struct {
	Text   string
	Stages []string
}

// New returns a service without secrets.
func New() *Service { return &Service{secrets: map[string]*Secret{}} }

// Edit changes a secret by hand. It makes one that is not there.
func (f *Service) Edit(name string, change func(*Secret)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.secrets[name] == nil {
		f.secrets[name] = &Secret{Name: name, ARN: f.arn(name), Tags: map[string]string{}, Versions: map[string]*Version{}}
	}
	change(f.secrets[name])
}

// Count is how many secrets there are that are not scheduled for deletion.
func (f *Service) Count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.secrets {
		if !s.Deleted {
			n++
		}
	}
	return n
}

// ServeHTTP answers one request of the service.
func (f *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operations := map[string]func(*http.Request) (any, *failure){
		"CreateSecret": f.create, "DescribeSecret": f.describe, "GetSecretValue": f.get, "PutSecretValue": f.put, "UpdateSecret": f.update,
		"TagResource": f.tag, "UntagResource": f.untag, "DeleteSecret": f.remove, "RestoreSecret": f.restore,
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	do := operations[strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")]
	status := http.StatusOK
	var body any
	var no *failure
	if do == nil || r.Method != http.MethodPost || r.URL.Path != "/" {
		no = &failure{"UnknownOperationException", r.Header.Get("X-Amz-Target")}
	} else {
		body, no = do(r)
	}
	if no != nil {
		status, body = http.StatusBadRequest, no
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// failure is an answer that says no.
type failure struct {
	Type    string `json:"__type"`
	Message string
}

func invalid(format string, args ...any) *failure {
	return &failure{"InvalidParameterException", fmt.Sprintf(format, args...)}
}

func refused(text string) *failure { return &failure{"InvalidRequestException", text} }

func absent(what string) *failure {
	return &failure{"ResourceNotFoundException", "Secrets Manager can't find the specified " + what + "."}
}

const scheduled = "You can't perform this operation on the secret because it was marked for deletion."

// decode reads a body and refuses what the operation does not take.
func decode(r *http.Request, into any) *failure {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return invalid("%v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// find is the secret of a name or an ARN. One that is scheduled for deletion is given only
// when deleted is set.
func (f *Service) find(id string, deleted bool) (*Secret, *failure) {
	for _, s := range f.secrets {
		if s.Name != id && s.ARN != id {
			continue
		}
		if s.hidden > 0 {
			s.hidden--
			break
		}
		if s.Deleted && !deleted {
			return nil, refused(scheduled)
		}
		return s, nil
	}
	return nil, absent("secret")
}

func (f *Service) arn(name string) string {
	f.made++
	return fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:111122223333:secret:%s-%06d", name, f.made)
}

// Write adds a version by hand.
func (f *Service) Write(name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	f.secrets[name].write(fmt.Sprintf("00000000-0000-4000-8000-%012d", f.made), text)
}
