package main

import (
	"crypto/md5" //nolint:gosec // what an object store calls an ETag
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// lake is one repository; any name opens it once it was created.
type lake struct {
	page     int
	name     string
	branches map[string]*branch
	tags     map[string]string
	commits  map[string]*commit
}

type branch struct {
	head   string
	staged map[string][]byte
}

type commit struct {
	ID       string            `json:"id"`
	Parents  []string          `json:"parents"`
	By       string            `json:"committer"`
	Message  string            `json:"message"`
	Date     int64             `json:"creation_date"`
	Range    string            `json:"meta_range_id"`
	Metadata map[string]string `json:"metadata"`
	objects  map[string][]byte
}

func newLake(page int) *lake {
	return &lake{page: page, branches: map[string]*branch{}, tags: map[string]string{}, commits: map[string]*commit{}}
}

func (l *lake) serve(w http.ResponseWriter, operation string, path map[string]string, query url.Values, _ http.Header, body []byte) error {
	var in map[string]any
	if len(body) > 0 && operation != "uploadObject" {
		if err := json.Unmarshal(body, &in); err != nil {
			return err
		}
	}
	text := func(key string) string { s, _ := in[key].(string); return s }
	if repository := path["repository"]; repository != "" && repository != l.name {
		fail(w, http.StatusNotFound, "repository not found")
		return nil
	}
	switch operation {
	case "createRepository":
		l.create(w, text("name"), text("storage_namespace"))
	case "getRepository":
		reply(w, http.StatusOK, l.repository("mem://lake"))
	case "createBranch":
		l.createBranch(w, text("name"), text("source"))
	case "deleteBranch":
		l.deleteBranch(w, path["branch"])
	case "getBranch":
		l.getBranch(w, path["branch"])
	case "createTag":
		l.createTag(w, text("id"), text("ref"))
	case "logCommits":
		l.log(w, path["ref"], query.Get("amount"))
	case "getCommit":
		l.withRef(w, path["commitId"], func(c *commit) { reply(w, http.StatusOK, c) })
	case "commit":
		metadata, _ := in["metadata"].(map[string]any)
		l.commit(w, path["branch"], text("message"), metadata, in["allow_empty"] == true)
	case "mergeIntoBranch":
		l.merge(w, path["sourceRef"], path["destinationBranch"], text("message"), in["allow_empty"] == true)
	case "uploadObject":
		l.upload(w, path["branch"], query.Get("path"), body)
	case "listObjects":
		l.list(w, path["ref"], query)
	case "statObject":
		l.object(w, path["ref"], query.Get("path"), func(data []byte) { reply(w, http.StatusOK, stats(query.Get("path"), data)) })
	case "getObject":
		l.object(w, path["ref"], query.Get("path"), func(data []byte) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(data)
		})
	default:
		return errUnknown
	}
	return nil
}

func (l *lake) create(w http.ResponseWriter, name, namespace string) {
	l.name = name
	root := l.add(nil, "Repository created", nil, map[string][]byte{})
	l.branches["main"] = &branch{root, map[string][]byte{}}
	reply(w, http.StatusCreated, l.repository(namespace))
}

func (l *lake) repository(namespace string) any {
	return map[string]any{"id": l.name, "creation_date": 1, "default_branch": "main", "storage_namespace": namespace}
}

// add makes a commit, whose id covers all of it.
func (l *lake) add(parents []string, message string, metadata map[string]any, objects map[string][]byte) string {
	c := &commit{Parents: append([]string{}, parents...), By: "tester", Message: message, Date: int64(len(l.commits) + 1), Metadata: map[string]string{}, objects: objects}
	for key, value := range metadata {
		c.Metadata[key] = fmt.Sprint(value)
	}
	c.Range = digest(objects)
	c.ID = digest(c)
	l.commits[c.ID] = c
	return c.ID
}

func digest(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// find gives the commit of a branch, tag or commit.
func (l *lake) find(ref string) *commit {
	if b := l.branches[ref]; b != nil {
		return l.commits[b.head]
	}
	if id, there := l.tags[ref]; there {
		return l.commits[id]
	}
	return l.commits[ref]
}

func (l *lake) withRef(w http.ResponseWriter, ref string, do func(*commit)) {
	if c := l.find(ref); c != nil {
		do(c)
		return
	}
	fail(w, http.StatusNotFound, "not found")
}

func (l *lake) withBranch(w http.ResponseWriter, name string, do func(*branch)) {
	if b := l.branches[name]; b != nil {
		do(b)
		return
	}
	fail(w, http.StatusNotFound, "branch not found")
}

func (l *lake) createBranch(w http.ResponseWriter, name, source string) {
	if l.branches[name] != nil {
		fail(w, http.StatusConflict, "branch already exists")
		return
	}
	l.withRef(w, source, func(c *commit) {
		l.branches[name] = &branch{c.ID, map[string][]byte{}}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(c.ID))
	})
}

func (l *lake) getBranch(w http.ResponseWriter, name string) {
	l.withBranch(w, name, func(b *branch) { reply(w, http.StatusOK, map[string]string{"id": name, "commit_id": b.head}) })
}

func (l *lake) deleteBranch(w http.ResponseWriter, name string) {
	l.withBranch(w, name, func(*branch) {
		delete(l.branches, name)
		w.WriteHeader(http.StatusNoContent)
	})
}

func (l *lake) createTag(w http.ResponseWriter, id, ref string) {
	l.withRef(w, ref, func(c *commit) {
		l.tags[id] = c.ID
		reply(w, http.StatusCreated, map[string]string{"id": id, "commit_id": c.ID})
	})
}

func (l *lake) log(w http.ResponseWriter, ref, amount string) {
	l.withRef(w, ref, func(c *commit) {
		most, err := strconv.Atoi(amount)
		if err != nil {
			most = 100
		}
		var out []*commit
		for ; c != nil && len(out) < most; c = l.first(c) {
			out = append(out, c)
		}
		reply(w, http.StatusOK, map[string]any{"results": out, "pagination": pagination(c != nil, "", len(out), most)})
	})
}

func (l *lake) first(c *commit) *commit {
	if len(c.Parents) == 0 {
		return nil
	}
	return l.commits[c.Parents[0]]
}

func pagination(more bool, next string, results, most int) map[string]any {
	return map[string]any{"has_more": more, "next_offset": next, "results": results, "max_per_page": most}
}

func (l *lake) commit(w http.ResponseWriter, name, message string, metadata map[string]any, empty bool) {
	l.withBranch(w, name, func(b *branch) {
		if len(b.staged) == 0 && !empty {
			fail(w, http.StatusBadRequest, "commit: no changes")
			return
		}
		objects := maps.Clone(l.commits[b.head].objects)
		maps.Copy(objects, b.staged)
		b.head, b.staged = l.add([]string{b.head}, message, metadata, objects), map[string][]byte{}
		reply(w, http.StatusCreated, l.commits[b.head])
	})
}

func (l *lake) merge(w http.ResponseWriter, source, destination, message string, empty bool) {
	l.withRef(w, source, func(from *commit) {
		l.withBranch(w, destination, func(to *branch) {
			if from.Range == l.commits[to.head].Range && !empty {
				fail(w, http.StatusBadRequest, "merge: no changes")
				return
			}
			objects := maps.Clone(l.commits[to.head].objects)
			maps.Copy(objects, from.objects)
			to.head = l.add([]string{to.head, from.ID}, message, nil, objects)
			reply(w, http.StatusOK, map[string]string{"reference": to.head})
		})
	})
}

func (l *lake) upload(w http.ResponseWriter, name, path string, data []byte) {
	l.withBranch(w, name, func(b *branch) {
		b.staged[path] = data
		reply(w, http.StatusCreated, stats(path, data))
	})
}

// objects of a reference; a branch shows what is staged, a commit does not.
func (l *lake) objects(ref string) (map[string][]byte, bool) {
	c := l.find(ref)
	if c == nil {
		return nil, false
	}
	out := maps.Clone(c.objects)
	if b := l.branches[ref]; b != nil {
		maps.Copy(out, b.staged)
	}
	return out, true
}

func (l *lake) object(w http.ResponseWriter, ref, path string, do func([]byte)) {
	found, _ := l.objects(ref)
	if data, there := found[path]; there {
		do(data)
		return
	}
	fail(w, http.StatusNotFound, "object not found")
}

func (l *lake) list(w http.ResponseWriter, ref string, query url.Values) {
	found, there := l.objects(ref)
	if !there {
		fail(w, http.StatusNotFound, "ref not found")
		return
	}
	results, next := []any{}, ""
	for _, path := range slices.Sorted(maps.Keys(found)) {
		if !strings.HasPrefix(path, query.Get("prefix")) || path <= query.Get("after") {
			continue
		}
		if len(results) == l.page {
			reply(w, http.StatusOK, map[string]any{"results": results, "pagination": pagination(true, next, len(results), l.page)})
			return
		}
		results, next = append(results, stats(path, found[path])), path
	}
	reply(w, http.StatusOK, map[string]any{"results": results, "pagination": pagination(false, "", len(results), l.page)})
}

func stats(path string, data []byte) map[string]any {
	sum := md5.Sum(data) //nolint:gosec // as above
	return map[string]any{"path": path, "path_type": "object", "physical_address": "mem://lake/" + path, "checksum": hex.EncodeToString(sum[:]), "size_bytes": len(data), "mtime": 1}
}
