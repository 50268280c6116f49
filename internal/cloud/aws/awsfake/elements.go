package awsfake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// elements are the paths of the names in a body of XML, JSON or a form, each with the last
// of its texts. Numbers of list items and the keys of maps, which are the user's, are not
// names.
func elements(body []byte) map[string]string {
	out := map[string]string{}
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
			for key, values := range form {
				out["/"+number.ReplaceAllString(key, ".N")] = values[0]
			}
		}
	}
	return out
}

var number = regexp.MustCompile(`\.[0-9]+`)

func ofXML(out map[string]string, text []byte) {
	decoder, path := xml.NewDecoder(bytes.NewReader(text)), []string{""}
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			out[strings.Join(path, "/")] = ""
		case xml.CharData:
			if at := strings.Join(path, "/"); len(path) > 1 {
				out[at] = string(token)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

func ofJSON(out map[string]string, path string, tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			if strings.HasPrefix(key, "key") { // the snapshots' keys of maps are key0, key1
				key = "*"
			}
			out[path+"/"+key] = ""
			ofJSON(out, path+"/"+key, value)
		}
	case []any:
		for _, item := range tree {
			ofJSON(out, path, item)
		}
	}
}

// notLike says what a text would have to be to stand in the place of a sample, "" when it
// can. Samples of texts say nothing.
func notLike(sample, text string) string {
	if _, err := strconv.ParseBool(sample); err == nil && len(sample) > 1 {
		if text != "true" && text != "false" {
			return "true or false"
		}
	}
	if _, err := strconv.Atoi(sample); err == nil {
		if _, err := strconv.Atoi(text); err != nil {
			return "a number"
		}
	}
	return ""
}
