package spec

import (
	"fmt"
	"strings"
)

// TokenKind says what a token of a step's command line stands for.
type TokenKind string

// The tokens of the step contract. Text is what stands between them.
const (
	Text        TokenKind = ""
	ParamToken  TokenKind = "params"  // the value of a parameter
	InputToken  TokenKind = "inputs"  // the path of an input
	OutputToken TokenKind = "outputs" // the path of an output
	MetricToken TokenKind = "metrics" // the path of the metrics file
)

// Token is a piece of an argument.
type Token struct {
	Kind TokenKind
	Name string // of the parameter, input or output
	Text string // of a Text token, with $$( already turned into $(
}

// Tokens splits an argument. An unknown token is an error that says how to write
// it literally.
func Tokens(arg string) ([]Token, error) {
	if arg != "" && !strings.Contains(arg, "$(") {
		return []Token{{Text: arg}}, nil
	}
	var out []Token
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, Token{Text: text.String()})
			text.Reset()
		}
	}
	for arg != "" {
		i := strings.Index(arg, "$(")
		if i < 0 {
			text.WriteString(arg)
			break
		}
		if i > 0 && arg[i-1] == '$' {
			text.WriteString(arg[:i-1] + "$(")
			arg = arg[i+2:]
			continue
		}
		text.WriteString(arg[:i])
		body, rest, closed := strings.Cut(arg[i+2:], ")")
		token, known := readToken(body)
		if !closed || !known {
			return nil, fmt.Errorf("unknown token %q: there are $(params.NAME), $(inputs.NAME), $(outputs.NAME) and $(metrics); write $$( for a literal $(", arg[i:min(len(arg), i+2+len(body)+1)])
		}
		flush()
		out = append(out, token)
		arg = rest
	}
	flush()
	return out, nil
}

func readToken(body string) (Token, bool) {
	if body == string(MetricToken) {
		return Token{Kind: MetricToken}, true
	}
	kind, name, dotted := strings.Cut(body, ".")
	switch TokenKind(kind) {
	case ParamToken, InputToken, OutputToken:
		return Token{Kind: TokenKind(kind), Name: name}, dotted && identForm.MatchString(name)
	case Text, MetricToken:
	}
	return Token{}, false
}

// Expand rewrites an argument: text pieces by text, tokens by token. The argument
// must have passed validation.
func Expand(arg string, text func(string) string, token func(Token) string) string {
	tokens, err := Tokens(arg)
	if err != nil {
		return text(arg)
	}
	var b strings.Builder
	for _, t := range tokens {
		if t.Kind == Text {
			b.WriteString(text(t.Text))
		} else {
			b.WriteString(token(t))
		}
	}
	return b.String()
}
