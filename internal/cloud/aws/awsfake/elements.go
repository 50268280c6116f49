package awsfake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"regexp"
	"strings"
)

// elements are the paths of the names in a body of XML, JSON or a form. Numbers of list
// items and the keys of maps, which are the user's, are not names.
func elements(body []byte) map[string]bool {
	out := map[string]bool{}
	text := bytes.TrimSpace(body)
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		ofXML(out, text)
	case bytes.HasPrefix(text, []byte("{")):
		var tree any
		if json.Unmarshal(text, &tree) == nil {
			ofJSON(out, "", tree)
		}
	case bytes.HasPrefix(text, []byte("Action=")):
		form, err := url.ParseQuery(string(text))
		if err == nil {
			for key := range form {
				out["/"+number.ReplaceAllString(key, ".N")] = true
			}
		}
	}
	return out
}

var number = regexp.MustCompile(`\.[0-9]+`)

func ofXML(out map[string]bool, text []byte) {
	decoder, path := xml.NewDecoder(bytes.NewReader(text)), []string{""}
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			out[strings.Join(path, "/")] = true
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

func ofJSON(out map[string]bool, path string, tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			if strings.HasPrefix(key, "key") { // the snapshots' keys of maps are key0, key1
				key = "*"
			}
			out[path+"/"+key] = true
			ofJSON(out, path+"/"+key, value)
		}
	case []any:
		for _, item := range tree {
			ofJSON(out, path, item)
		}
	}
}
