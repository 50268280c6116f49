package secretmanagerfake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/api/secretmanager/v1"
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func (f *Service) create(r request) (any, *refusal) {
	id := r.URL.Query().Get("secretId")
	s := &Secret{hidden: f.Hidden}
	if json.Unmarshal(r.body, &s.Secret) != nil || !idForm.MatchString(id) {
		return nil, invalid("The provided Secret ID [" + id + "] does not match the expected format.")
	}
	s.Name = r.project + "/secrets/" + id
	if f.secrets[s.Name] != nil {
		return nil, &refusal{http.StatusConflict, "ALREADY_EXISTS", "Secret [" + s.Name + "] already exists."}
	}
	if no := valid(s.Secret); no != nil {
		return nil, no
	}
	s.Etag, s.CreateTime = f.etag(), later("0s")
	f.secrets[s.Name] = s
	return s.Secret, nil
}

// valid refuses what the documentation of the fields refuses.
func valid(s secretmanager.Secret) *refusal {
	r := s.Replication
	switch {
	case r == nil || (r.Automatic == nil) == (r.UserManaged == nil):
		return invalid("replication must be automatic or user managed")
	case len(s.Labels) > 64:
		return invalid("at most 64 labels")
	case s.VersionDestroyTtl != "" && !strings.HasSuffix(s.VersionDestroyTtl, "s"):
		return invalid("version_destroy_ttl is no duration")
	}
	if r.Automatic != nil && r.Automatic.CustomerManagedEncryption != nil && !strings.Contains(r.Automatic.CustomerManagedEncryption.KmsKeyName, "/locations/global/") {
		return invalid("the key must reside in global")
	}
	if r.UserManaged != nil {
		for _, replica := range r.UserManaged.Replicas {
			if by := replica.CustomerManagedEncryption; by != nil && !strings.Contains(by.KmsKeyName, "/locations/"+replica.Location+"/") {
				return invalid("the key must reside in the location of the replica")
			}
		}
	}
	return nil
}

func (f *Service) patch(r request, s *Secret) (any, *refusal) {
	var in secretmanager.Secret
	if json.Unmarshal(r.body, &in) != nil {
		return nil, invalid("no secret")
	}
	if in.Etag != "" && in.Etag != s.Etag {
		return nil, precondition("The etag provided does not match the etag of the stored secret.")
	}
	for field := range strings.SplitSeq(r.URL.Query().Get("updateMask"), ",") {
		switch field {
		case "labels":
			s.Labels = in.Labels
		case "annotations":
			s.Annotations = in.Annotations
		case "expireTime":
			s.ExpireTime = in.ExpireTime
		case "versionDestroyTtl":
			s.VersionDestroyTtl = in.VersionDestroyTtl
		default:
			return nil, invalid("the field " + field + " cannot be changed")
		}
	}
	s.Etag = f.etag()
	return s.Secret, nil
}

func (s *Secret) addVersion(r request) (any, *refusal) {
	var in secretmanager.AddSecretVersionRequest
	if json.Unmarshal(r.body, &in) != nil || in.Payload == nil {
		return nil, invalid("no payload")
	}
	data, err := base64.StdEncoding.DecodeString(in.Payload.Data)
	switch {
	case err != nil || len(data) == 0 || len(data) > 65536:
		return nil, invalid("the payload must have 1 to 65536 bytes")
	case in.Payload.DataCrc32c != int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))):
		return nil, invalid("The payload checksum does not match.")
	}
	return s.add(in.Payload).SecretVersion, nil
}

func (s *Secret) add(payload *secretmanager.SecretPayload) *Version {
	v := &Version{payload: payload}
	v.Name = fmt.Sprintf("%s/versions/%d", s.Name, len(s.Versions)+1)
	v.State, v.CreateTime, v.ClientSpecifiedPayloadChecksum = "ENABLED", later("0s"), true
	s.Versions = append(s.Versions, v)
	return v
}

// list gives the newest first.
func (f *Service) list(r request, s *Secret) (any, *refusal) {
	at, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
	out := secretmanager.ListSecretVersionsResponse{TotalSize: int64(len(s.Versions))}
	for ; at < len(s.Versions) && len(out.Versions) < f.Page; at++ {
		out.Versions = append(out.Versions, &s.Versions[len(s.Versions)-1-at].SecretVersion)
	}
	if at < len(s.Versions) {
		out.NextPageToken = strconv.Itoa(at)
	}
	return out, nil
}

func (s *Secret) ofVersion(r request, verb string) (any, *refusal) {
	n, _ := strconv.Atoi(r.version)
	if r.version == "latest" {
		n = len(s.Versions)
	}
	if n < 1 || n > len(s.Versions) {
		return nil, &refusal{http.StatusNotFound, "NOT_FOUND", "Secret [" + s.Name + "] not found or has no versions."}
	}
	v := s.Versions[n-1]
	switch verb {
	case "access":
		if v.State != "ENABLED" {
			return nil, precondition("Secret Version [" + v.Name + "] is in " + v.State + " state.")
		}
		return secretmanager.AccessSecretVersionResponse{Name: v.Name, Payload: v.payload}, nil
	case "destroy":
		if v.State == "DESTROYED" || v.ScheduledDestroyTime != "" {
			return nil, precondition("Secret Version [" + v.Name + "] is destroyed already, or is scheduled to be.")
		}
		if s.VersionDestroyTtl == "" {
			v.State, v.payload = "DESTROYED", nil
			break
		}
		v.State, v.ScheduledDestroyTime = "DISABLED", later(s.VersionDestroyTtl)
	case "enable":
		if v.State == "DESTROYED" {
			return nil, precondition("Secret Version [" + v.Name + "] is in DESTROYED state.")
		}
		v.State, v.ScheduledDestroyTime = "ENABLED", ""
	}
	return v.SecretVersion, nil
}
