package awsfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Role is a role with its documents as they were put.
type Role struct {
	Path, Trust, Boundary string
	Inline                map[string]string
	Attached              []string // ARNs
	Profiles              []string
	Tags                  map[string]string
}

// AddRole makes a role of somebody.
func (a *Account) AddRole(name string, r Role) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Inline == nil {
		r.Inline = map[string]string{}
	}
	a.roles[name] = &r
}

// EditRole changes a role by hand.
func (a *Account) EditRole(name string, change func(*Role)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.roles[name]; r != nil {
		change(r)
	}
}

func (a *Account) roleARN(name string, r *Role) string {
	return "arn:aws:iam::" + a.ID + ":role" + r.Path + name
}

// query answers IAM and STS.
func (a *Account) query(w http.ResponseWriter, op string, body []byte) *fault {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return &fault{status: 400, code: "MalformedQueryString", message: err.Error()}
	}
	out, failed := a.action(op, form)
	if failed != nil {
		return failed
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%sResponse><%sResult>%s</%sResult><ResponseMetadata><RequestId>R1</RequestId></ResponseMetadata></%sResponse>", op, op, out, op, op)
	return nil
}

func noEntity(what, name string) *fault {
	return &fault{status: 404, code: "NoSuchEntity", message: fmt.Sprintf("The %s with name %s cannot be found.", what, name)}
}

func (a *Account) action(op string, form url.Values) (string, *fault) {
	name := form.Get("RoleName")
	role := a.roles[name]
	switch {
	case op == "GetCallerIdentity":
		return "<Account>" + a.ID + "</Account><Arn>arn:aws:iam::" + a.ID + ":user/ci</Arn><UserId>U</UserId>", nil
	case op == "AssumeRole":
		return "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>session-1</SessionToken><Expiration>2199-01-01T00:00:00Z</Expiration></Credentials>", nil
	case op == "GetOpenIDConnectProvider":
		if !a.providers[form.Get("OpenIDConnectProviderArn")] {
			return "", noEntity("OpenIDConnect Provider", form.Get("OpenIDConnectProviderArn"))
		}
		return "", nil
	case op == "CreateRole":
		if role != nil {
			return "", &fault{status: 409, code: "EntityAlreadyExists", message: "Role with name " + name + " already exists."}
		}
		if f := checkDocument(form.Get("AssumeRolePolicyDocument")); f != nil {
			return "", f
		}
		role = &Role{Path: form.Get("Path"), Trust: form.Get("AssumeRolePolicyDocument"), Boundary: form.Get("PermissionsBoundary"), Inline: map[string]string{}, Tags: formTags(form)}
		a.roles[name] = role
		return a.roleXML(name, role), nil
	case role == nil:
		return "", noEntity("role", name)
	}
	return a.onRole(op, name, role, form)
}

func (a *Account) onRole(op, name string, role *Role, form url.Values) (string, *fault) {
	switch op {
	case "GetRole":
		return a.roleXML(name, role), nil
	case "GetRolePolicy":
		document, there := role.Inline[form.Get("PolicyName")]
		if !there {
			return "", noEntity("role policy", form.Get("PolicyName"))
		}
		return "<RoleName>" + name + "</RoleName><PolicyName>" + form.Get("PolicyName") + "</PolicyName><PolicyDocument>" + url.PathEscape(document) + "</PolicyDocument>", nil
	case "ListRolePolicies":
		return members("PolicyNames", slices.Sorted(maps.Keys(role.Inline))), nil
	case "ListAttachedRolePolicies":
		out := ""
		for _, arn := range role.Attached {
			out += "<member><PolicyArn>" + arn + "</PolicyArn></member>"
		}
		return "<AttachedPolicies>" + out + "</AttachedPolicies>", nil
	case "ListInstanceProfilesForRole":
		out := ""
		for _, profile := range role.Profiles {
			out += "<member><InstanceProfileName>" + profile + "</InstanceProfileName></member>"
		}
		return "<InstanceProfiles>" + out + "</InstanceProfiles>", nil
	}
	return "", a.changeRole(op, name, role, form)
}

func (a *Account) changeRole(op, name string, role *Role, form url.Values) *fault {
	document := form.Get("PolicyDocument")
	switch op {
	case "UpdateAssumeRolePolicy", "PutRolePolicy":
		if f := checkDocument(document); f != nil {
			return f
		}
		if op == "PutRolePolicy" {
			role.Inline[form.Get("PolicyName")] = document
		} else {
			role.Trust = document
		}
	case "DeleteRolePolicy":
		if _, there := role.Inline[form.Get("PolicyName")]; !there {
			return noEntity("role policy", form.Get("PolicyName"))
		}
		delete(role.Inline, form.Get("PolicyName"))
	case "TagRole":
		maps.Copy(role.Tags, formTags(form))
	case "PutRolePermissionsBoundary":
		role.Boundary = form.Get("PermissionsBoundary")
	case "DetachRolePolicy":
		role.Attached = slices.DeleteFunc(role.Attached, func(arn string) bool { return arn == form.Get("PolicyArn") })
	case "RemoveRoleFromInstanceProfile":
		role.Profiles = slices.DeleteFunc(role.Profiles, func(p string) bool { return p == form.Get("InstanceProfileName") })
	case "DeleteRole":
		if len(role.Inline)+len(role.Attached)+len(role.Profiles) > 0 {
			return &fault{status: 409, code: "DeleteConflict", message: "Cannot delete entity, must delete policies first."}
		}
		delete(a.roles, name)
	default:
		return &fault{status: 501, code: "NotImplemented", message: op}
	}
	return nil
}

func (a *Account) roleXML(name string, r *Role) string {
	tags := ""
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		tags += "<member><Key>" + escape(key) + "</Key><Value>" + escape(r.Tags[key]) + "</Value></member>"
	}
	boundary := ""
	if r.Boundary != "" {
		boundary = "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>" + r.Boundary + "</PermissionsBoundaryArn></PermissionsBoundary>"
	}
	return "<Role><RoleName>" + name + "</RoleName><Path>" + r.Path + "</Path><Arn>" + a.roleARN(name, r) + "</Arn><AssumeRolePolicyDocument>" + url.PathEscape(reordered(r.Trust)) +
		"</AssumeRolePolicyDocument>" + boundary + "<Tags>" + tags + "</Tags></Role>"
}

func members(list string, items []string) string {
	out := ""
	for _, item := range items {
		out += "<member>" + escape(item) + "</member>"
	}
	return "<" + list + ">" + out + "</" + list + ">"
}

func formTags(form url.Values) map[string]string {
	out := map[string]string{}
	for key, values := range form {
		if prefix, isKey := strings.CutSuffix(key, ".Key"); isKey && strings.HasPrefix(key, "Tags.member.") {
			out[values[0]] = form.Get(prefix + ".Value")
		}
	}
	return out
}

func checkDocument(text string) *fault {
	var policy struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(text), &policy); err != nil || len(policy.Statement) == 0 {
		return &fault{status: 400, code: "MalformedPolicyDocument", message: "Syntax errors in policy."}
	}
	return nil
}

// Role is a copy of a role, and an empty one where there is none.
func (a *Account) Role(name string) Role {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.roles[name]; r != nil {
		return *r
	}
	return Role{}
}
