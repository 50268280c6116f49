// lakefsstandin answers what a lakeFS server would, for the tests of what is emitted: branches, commits and objects,
// in memory. It is no lakeFS. What holds it to lakeFS's interface is that every request and every answer is checked
// against api/swagger.yml of lakeFS's own module, which -swagger names: what does not conform is counted, and
// GET /contract says what was asked and what did not conform.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

func main() {
	swagger := flag.String("swagger", "", "api/swagger.yml of lakeFS")
	user := flag.String("user", "", "access key id")
	password := flag.String("password", "", "secret access key")
	page := flag.Int("page", 2, "how many objects a page holds at most")
	flag.Parse()
	if err := run(*swagger, *user, *password, *page); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(swagger, user, password string, page int) error {
	doc, err := openapi3.NewLoader().LoadFromFile(swagger)
	if err != nil {
		return err
	}
	doc.Servers = openapi3.Servers{{URL: "/api/v1"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// Bare bytes and texts, which the library has no reader for.
	openapi3filter.RegisterBodyDecoder("application/octet-stream", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.FileBodyDecoder)
	fmt.Println("http://" + listener.Addr().String())
	s := &server{router: router, user: user, password: password, lake: newLake(page)}
	return http.Serve(listener, s) //nolint:gosec // a test's, on this machine
}

// server holds a lake to the interface.
type server struct {
	router         routers.Router
	user, password string
	lake           *lake

	mu         sync.Mutex
	Asked      []string `json:"asked"`
	Violations []string `json:"violations"`
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/contract" {
		_ = json.NewEncoder(w).Encode(map[string][]string{"asked": s.Asked, "violations": s.Violations})
		return
	}
	route, params, err := s.router.FindRoute(r)
	if err != nil {
		s.violated(w, "%s %s: %v", r.Method, r.URL, err)
		return
	}
	operation := route.Operation.OperationID
	s.Asked = append(s.Asked, operation)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.violated(w, "%s: %v", operation, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(r.Context(), request); err != nil {
		s.violated(w, "request %s %s: %v", operation, r.URL, err)
		return
	}
	answer := httptest.NewRecorder()
	if user, password, _ := r.BasicAuth(); user != s.user || password != s.password {
		fail(answer, http.StatusUnauthorized, "error authenticating request")
	} else if err := s.lake.serve(answer, operation, params, r.URL.Query(), r.Header, body); err != nil {
		s.violated(w, "%s: %v", operation, err)
		return
	}
	s.send(w, request, answer)
}

func (s *server) send(w http.ResponseWriter, request *openapi3filter.RequestValidationInput, answer *httptest.ResponseRecorder) {
	response := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: answer.Code, Header: answer.Header(), Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	response.SetBodyBytes(answer.Body.Bytes())
	if err := openapi3filter.ValidateResponse(request.Request.Context(), response); err != nil {
		s.violated(w, "answer to %s: %v", request.Route.Operation.OperationID, err)
		return
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (s *server) violated(w http.ResponseWriter, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.Violations = append(s.Violations, text)
	http.Error(w, text, http.StatusNotImplemented)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"message": message})
}

var errUnknown = errors.New("the stand-in does not know this operation")
