package secretsmanagerfake

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Tag is a tag of a secret.
type Tag struct{ Key, Value string }

// create is every member of the request to create a secret.
type create struct {
	AddReplicaRegions           []struct{ KmsKeyID, Region string }
	ClientRequestToken          string
	Description                 *string
	ForceOverwriteReplicaSecret bool
	KmsKeyID                    *string
	Name                        string
	SecretBinary                []byte
	SecretString                *string
	Tags                        []Tag
	Type                        string
}

var (
	nameForm  = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	tokenForm = regexp.MustCompile(`^.{32,64}$`)
)

func (f *Service) create(r *http.Request) (any, *failure) {
	var in create
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	if !nameForm.MatchString(in.Name) {
		return nil, &failure{"ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}
	}
	if s := f.secrets[in.Name]; s != nil {
		return f.again(s, in.ClientRequestToken, in.SecretString)
	}
	s := &Secret{Name: in.Name, ARN: f.arn(in.Name), Tags: map[string]string{}, Versions: map[string]*Version{}, hidden: f.Hidden}
	if in.KmsKeyID != nil {
		s.KmsKeyID = *in.KmsKeyID
	}
	if no := s.label(in.Tags); no != nil {
		return nil, no
	}
	out := map[string]any{"ARN": s.ARN, "Name": s.Name}
	if in.SecretString != nil {
		if no := s.write(in.ClientRequestToken, *in.SecretString); no != nil {
			return nil, no
		}
		out["VersionId"] = in.ClientRequestToken
	}
	f.secrets[in.Name] = s
	return out, nil
}

// again is a create under a name that is in use: the same one, tried twice, is taken.
func (f *Service) again(s *Secret, token string, text *string) (any, *failure) {
	if s.Deleted {
		return nil, refused("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if v := s.Versions[token]; !f.Strict && v != nil && text != nil && v.Text == *text {
		return map[string]any{"ARN": s.ARN, "Name": s.Name, "VersionId": token}, nil
	}
	return nil, &failure{"ResourceExistsException", "The operation failed because the secret " + s.Name + " already exists."}
}

// label adds tags.
func (s *Secret) label(tags []Tag) *failure {
	for _, t := range tags {
		if t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256 || strings.HasPrefix(t.Key, "aws:") {
			return invalid("tag %q is not valid", t.Key)
		}
		s.Tags[t.Key] = t.Value
	}
	if len(s.Tags) > 50 {
		return invalid("at most 50 tags")
	}
	return nil
}

// write adds a version and moves the labels: the current one is the previous one then.
func (s *Secret) write(token, text string) *failure {
	if !tokenForm.MatchString(token) {
		return invalid("ClientRequestToken must be 32-64 characters long.")
	}
	if text == "" || len(text) > 65536 {
		return &failure{"ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536"}
	}
	if v := s.Versions[token]; v != nil {
		if v.Text == text {
			return nil
		}
		return &failure{"ResourceExistsException", "You can't use ClientRequestToken " + token + " because that value is already in use for a version of secret " + s.ARN + "."}
	}
	for _, v := range s.Versions {
		if slices.Contains(v.Stages, "AWSCURRENT") {
			v.Stages = []string{"AWSPREVIOUS"}
		} else {
			v.Stages = nil
		}
	}
	s.Versions[token] = &Version{text, []string{"AWSCURRENT"}}
	return nil
}

type identified struct{ SecretID string }

func (f *Service) describe(r *http.Request) (any, *failure) {
	var in identified
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, true)
	if no != nil {
		return nil, no
	}
	stages := map[string][]string{}
	for id, v := range s.Versions {
		if len(v.Stages) > 0 {
			stages[id] = v.Stages
		}
	}
	tags := []Tag{}
	for key, value := range s.Tags {
		tags = append(tags, Tag{key, value})
	}
	out := map[string]any{"ARN": s.ARN, "Name": s.Name, "CreatedDate": Epoch, "LastChangedDate": Epoch, "Tags": tags}
	if len(stages) > 0 {
		out["VersionIdsToStages"] = stages
	}
	if s.KmsKeyID != "" {
		out["KmsKeyId"] = s.KmsKeyID
	}
	if s.Deleted {
		out["DeletedDate"] = Epoch
	}
	return out, nil
}

func (f *Service) get(r *http.Request) (any, *failure) {
	var in struct{ SecretID, VersionID, VersionStage string }
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	if no != nil {
		return nil, no
	}
	for id, v := range s.Versions {
		if id == in.VersionID || in.VersionID == "" && slices.Contains(v.Stages, "AWSCURRENT") {
			return map[string]any{"ARN": s.ARN, "Name": s.Name, "CreatedDate": Epoch, "SecretString": v.Text, "VersionId": id, "VersionStages": v.Stages}, nil
		}
	}
	return nil, absent("secret value for staging label: AWSCURRENT")
}

func (f *Service) put(r *http.Request) (any, *failure) {
	var in struct {
		ClientRequestToken, RotationToken, SecretID string
		SecretBinary                                []byte
		SecretString                                *string
		VersionStages                               []string
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	if no != nil {
		return nil, no
	}
	if in.SecretString == nil {
		return nil, invalid("You must provide either SecretString or SecretBinary.")
	}
	if no := s.write(in.ClientRequestToken, *in.SecretString); no != nil {
		return nil, no
	}
	return map[string]any{"ARN": s.ARN, "Name": s.Name, "VersionId": in.ClientRequestToken, "VersionStages": s.Versions[in.ClientRequestToken].Stages}, nil
}

func (f *Service) update(r *http.Request) (any, *failure) {
	var in struct {
		ClientRequestToken, SecretID, Type string
		Description, KmsKeyID              *string
		SecretBinary                       []byte
		SecretString                       *string
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	if no != nil {
		return nil, no
	}
	if in.KmsKeyID != nil {
		s.KmsKeyID = *in.KmsKeyID
	}
	out := map[string]any{"ARN": s.ARN, "Name": s.Name}
	if in.SecretString != nil {
		out["VersionId"] = in.ClientRequestToken
		no = s.write(in.ClientRequestToken, *in.SecretString)
	}
	return out, no
}

func (f *Service) tag(r *http.Request) (any, *failure) {
	var in struct {
		SecretID string
		Tags     []Tag
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	if no != nil {
		return nil, no
	}
	return struct{}{}, s.label(in.Tags)
}

func (f *Service) untag(r *http.Request) (any, *failure) {
	var in struct {
		SecretID string
		TagKeys  []string
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	if no != nil {
		return nil, no
	}
	for _, key := range in.TagKeys {
		delete(s.Tags, key)
	}
	return struct{}{}, nil
}

func (f *Service) remove(r *http.Request) (any, *failure) {
	var in struct {
		SecretID                   string
		ForceDeleteWithoutRecovery bool
		RecoveryWindowInDays       *int64
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, false)
	switch {
	case no != nil:
		return nil, no
	case in.ForceDeleteWithoutRecovery:
		return nil, invalid("the fake takes no deletion without recovery")
	case in.RecoveryWindowInDays == nil || *in.RecoveryWindowInDays < 7 || *in.RecoveryWindowInDays > 30:
		return nil, invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	s.Deleted, s.Window = true, *in.RecoveryWindowInDays
	return map[string]any{"ARN": s.ARN, "Name": s.Name, "DeletionDate": Epoch}, nil
}

func (f *Service) restore(r *http.Request) (any, *failure) {
	var in identified
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	s, no := f.find(in.SecretID, true)
	if no != nil {
		return nil, no
	}
	s.Deleted = false
	return map[string]any{"ARN": s.ARN, "Name": s.Name}, nil
}
