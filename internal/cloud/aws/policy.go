package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// where is what ARNs are made of. account is "" until it is known.
type where struct{ region, account string }

// whereOf finds the account in the ARN of the role once there is one.
func whereOf(i cloud.Identity, c Config) where {
	out := where{region: (&clients{Config: c}).region(i.On), account: c.Account}
	if account := accountOf(i.On.ID); account != "" {
		out.account = account
	}
	return out
}

// accountOf is the account in an ARN, "" of what is none.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[4]
	}
	return ""
}

func (w where) partition() string { return partitionOf(w.region).name }

// arn names something of the account in the region.
func (w where) arn(service, resource string) (string, error) {
	if w.account == "" {
		return "", fmt.Errorf("the account: %w", cloud.ErrLater)
	}
	return "arn:" + w.partition() + ":" + service + ":" + w.region + ":" + w.account + ":" + resource, nil
}

// rolePolicy is the document of a role: what its grants need, and no more. Names of
// objects below a prefix can only be granted with a * at the end; a bucket without a
// prefix is granted with all its objects.
func rolePolicy(i cloud.Identity, w where) (string, error) {
	statements, err := granted(i, w)
	if err != nil {
		return "", fmt.Errorf("policy of identity %q: %w", i.Name, err)
	}
	return document(statements), nil
}

// granted are the statements of all grants. Equal ones of several grants are one: a role
// has room for 10,240 characters.
func granted(i cloud.Identity, w where) ([]statement, error) {
	g := grants{where: w, lists: map[string][]string{}, keys: map[keyUse][]string{}}
	for _, grant := range i.Grants {
		var err error
		switch {
		case grant.Bucket != nil:
			err = g.bucket(grant)
		case grant.Secret != nil && storeOf(i, grant.Secret) == secretsManager && grant.Secret.Existing == "":
			err = g.secret(grant)
		}
		if err != nil {
			return nil, err
		}
	}
	return g.statements(), nil
}

// secretsManager is the only secret store of which AWS decides who reads.
const secretsManager = "aws_secrets_manager"

func storeOf(i cloud.Identity, s *spec.Secret) string {
	switch {
	case s.Store != nil && s.Store.Type != "":
		return s.Store.Type
	case i.On.Platform != nil:
		return i.On.Platform.SecretStore
	}
	return ""
}

// keyUse is what a key is used for, through which service.
type keyUse struct {
	service string // with its region: s3.eu-west-1.amazonaws.com
	write   bool
}

// grants gather what each statement names.
type grants struct {
	where
	lists                map[string][]string // prefixes of a bucket; nil is all of it
	read, write, secrets []string
	keys                 map[keyUse][]string
}

func (g *grants) bucket(grant cloud.Grant) error {
	name, prefix, err := s3Name(*grant.Bucket, grant.Prefix)
	if err != nil {
		return err
	}
	arn := "arn:" + g.partition() + ":s3:::" + name
	if have, there := g.lists[arn]; prefix == "" || (there && have == nil) {
		g.lists[arn] = nil
	} else {
		g.lists[arn] = append(have, prefix+"*")
	}
	g.read = append(g.read, arn+"/"+prefix+"*")
	if grant.Access == "write" {
		g.write = append(g.write, arn+"/"+prefix+"*")
	}
	return g.key(grant.Bucket.KMSKey, "s3", grant.Access == "write", fmt.Sprintf("bucket %q", grant.Bucket.Name))
}

// s3Name is the bucket of S3 and the prefix below which a grant is. The prefix ends with
// a slash: without it, siblings that start with the same letters would be granted too.
func s3Name(b spec.Bucket, prefix string) (name, below string, err error) {
	name = b.Name
	if b.Existing != "" {
		name = strings.TrimPrefix(b.Existing, "s3://")
		if strings.Contains(name, "://") {
			return "", "", fmt.Errorf("bucket %q: %q is no bucket of S3, so a role of AWS cannot be granted it", b.Name, b.Existing)
		}
		root := ""
		if name, root, _ = strings.Cut(name, "/"); root != "" {
			prefix = strings.TrimSuffix(root, "/") + "/" + prefix
		}
	}
	if strings.Contains(name, ":") {
		return "", "", fmt.Errorf("bucket %q: %q is no name of a bucket of S3: give its name or s3://NAME, without the rest of its ARN", b.Name, name)
	}
	if strings.ContainsAny(name+prefix, "*?$") {
		return "", "", fmt.Errorf("bucket %q: prefix %q: * ? and $ mean something else in policies of AWS: name the prefix without them", b.Name, prefix)
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return name, prefix, nil
}

func (g *grants) secret(grant cloud.Grant) error {
	arn, err := g.secretARN(grant)
	if err != nil {
		return fmt.Errorf("secret %q: %w", grant.Secret.Name, err)
	}
	g.secrets = append(g.secrets, arn)
	return g.key(grant.Secret.KMSKey, "secretsmanager", false, fmt.Sprintf("secret %q", grant.Secret.Name))
}

// secretARN is exact once the secret has one. Before, the six characters that Secrets
// Manager will put at its end are not known.
func (g *grants) secretARN(grant cloud.Grant) (string, error) {
	switch {
	case grant.Reference == cloud.Later:
		return "", cloud.ErrLater
	case strings.HasPrefix(grant.Reference, "arn:"):
		return grant.Reference, nil
	}
	name := grant.Secret.StorePath()
	if strings.ContainsAny(name, "*?$") {
		return "", fmt.Errorf("path %q: * ? and $ mean something else in policies of AWS", name)
	}
	at := g.where
	if s := grant.Secret.Store; s != nil && s.Region != "" {
		at.region = s.Region
	}
	return at.arn("secretsmanager", "secret:"+name+"-??????")
}

// key lets a key be used, and only through the service that encrypts with it.
func (g *grants) key(key, service string, write bool, of string) error {
	if key == "" {
		return nil
	}
	at := g.where
	arn := key
	switch {
	case strings.Contains(key, "alias/"):
		return fmt.Errorf("%s: kms_key %q is an alias, and no policy can grant a key by it: give the ARN of the key itself", of, key)
	case strings.HasPrefix(key, "arn:"):
		if parts := strings.SplitN(key, ":", 6); len(parts) == 6 {
			at.region = parts[3]
		}
	default:
		var err error
		if arn, err = at.arn("kms", "key/"+key); err != nil {
			return err
		}
	}
	use := keyUse{service + "." + at.region + "." + partitionOf(at.region).suffix, write}
	g.keys[use] = append(g.keys[use], arn)
	return nil
}

func (g *grants) statements() (out []statement) {
	for _, arn := range slices.Sorted(maps.Keys(g.lists)) {
		out = append(out, listing(len(out)+1, arn, g.lists[arn]))
	}
	out = add(out, "ReadObjects", []string{"s3:GetObject", "s3:GetObjectVersion"}, g.read)
	out = add(out, "WriteObjects", []string{"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"}, g.write)
	out = add(out, "ReadSecrets", []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, g.secrets)
	uses := slices.SortedFunc(maps.Keys(g.keys), func(a, b keyUse) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for n, use := range uses {
		actions := []string{"kms:Decrypt"}
		if use.write { // parts of an upload are read again when it is finished
			actions = []string{"kms:Decrypt", "kms:GenerateDataKey"}
		}
		out = add(out, fmt.Sprintf("UseKeys%d", n+1), actions, g.keys[use])
		out[len(out)-1]["Condition"] = map[string]any{"StringEquals": map[string]any{"kms:ViaService": use.service}}
	}
	return out
}

func listing(n int, bucket string, prefixes []string) statement {
	out := statement{"Sid": fmt.Sprintf("ListBucket%d", n), "Effect": "Allow", "Action": []string{"s3:ListBucket"}, "Resource": []string{bucket}}
	if prefixes != nil {
		out["Condition"] = map[string]any{"StringLike": map[string]any{"s3:prefix": sortedTexts(prefixes)}}
	}
	return out
}

func add(out []statement, sid string, actions, resources []string) []statement {
	if len(resources) == 0 {
		return out
	}
	return append(out, statement{"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": sortedTexts(resources)})
}
