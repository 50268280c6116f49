package azure

import (
	"fmt"
	"slices"
	"strings"
)

// blobs starts the names of Azure's permissions and attributes of blobs.
const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

// condition narrows a role on a container, in version 2.0 of Azure's conditions: to the
// folders below prefixes. It is "" when one of them is all of the container.
func condition(container string, prefixes []string, write bool) (string, error) {
	var clauses []string
	if !slices.Contains(prefixes, "") {
		path, listed, err := within(prefixes)
		if err != nil {
			return "", err
		}
		const list = "SubOperationMatches{'Blob.List'}"
		clauses = append(clauses,
			clause(not(does("read")+" AND NOT "+list), path),
			clause(not(does("read")+" AND "+list), listed))
		if write {
			clauses = append(clauses, clause(not(does("write")), not(does("add/action")), path))
		}
	}
	out := strings.Join(clauses, " AND ")
	if len(out) > 8*1024 {
		return "", fmt.Errorf("the prefixes granted on bucket %q make a condition of %d characters, Azure takes 8192: grant a common prefix", container, len(out))
	}
	return out, nil
}

// within are the expressions that a blob, and a listing, is below one of the prefixes.
func within(prefixes []string) (path, listed string, err error) {
	var paths, lists []string
	for _, prefix := range prefixes {
		if strings.ContainsAny(prefix, `'\`) || strings.ContainsFunc(prefix, func(r rune) bool { return r < ' ' }) {
			return "", "", fmt.Errorf("prefix %q: the conditions of Azure take no quotes, backslashes and control characters: name the prefix otherwise", prefix)
		}
		paths = append(paths, fmt.Sprintf("@Resource[%s:path] StringStartsWith '%s'", blobs, prefix))
		lists = append(lists, fmt.Sprintf("@Request[%s:prefix] StringStartsWith '%s'", blobs, prefix))
	}
	return strings.Join(paths, " OR "), strings.Join(lists, " OR "), nil
}

// clause allows what is none of the actions, and else what the last part says.
func clause(parts ...string) string {
	last := len(parts) - 1
	return "((" + strings.Join(parts[:last], " AND ") + ") OR (" + parts[last] + "))"
}

// spaced is a condition with one blank between its words, however it is laid out. What is
// quoted stays as it is; ours quote no quotes.
func spaced(condition string) string {
	parts := strings.Split(condition, "'")
	for i := 0; i < len(parts); i += 2 {
		words := strings.Join(strings.Fields(parts[i]), " ")
		if words != "" && i > 0 && parts[i] != strings.TrimLeft(parts[i], " \t\r\n") {
			words = " " + words
		}
		if words != "" && i < len(parts)-1 && parts[i] != strings.TrimRight(parts[i], " \t\r\n") {
			words += " "
		}
		parts[i] = words
	}
	return strings.Join(parts, "'")
}

func does(action string) string { return "ActionMatches{'" + blobs + "/" + action + "'}" }

func not(expression string) string { return "!(" + expression + ")" }

// folder is a prefix as a folder: "churn" and "churn/" are the blobs below churn/, and
// none of churn-old. "" is everything.
func folder(prefix string) string {
	if prefix = strings.TrimRight(prefix, "/"); prefix == "" {
		return ""
	}
	return prefix + "/"
}
