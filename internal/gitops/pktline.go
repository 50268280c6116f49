package gitops

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// errProtocol says that an answer is not Git's.
var errProtocol = errors.New("the answer is not Git's protocol")

// Lengths below four are marks.
const (
	markFlush = "0000"
	markDelim = "0001"
)

// line is one packet: a mark or a payload.
type line struct {
	mark string // "" for a payload
	data []byte
}

func (l line) text() string { return strings.TrimSuffix(string(l.data), "\n") }

func appendLine(b []byte, text string) []byte {
	return fmt.Appendf(b, "%04x%s", len(text)+4, text)
}

func readLine(r *bufio.Reader) (line, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return line{}, err
	}
	n, err := strconv.ParseUint(string(head[:]), 16, 16)
	if err != nil {
		return line{}, errProtocol
	}
	if n < 4 {
		return line{mark: string(head[:])}, nil
	}
	data := make([]byte, n-4)
	if _, err := io.ReadFull(r, data); err != nil {
		return line{}, io.ErrUnexpectedEOF
	}
	if text, bad := bytes.CutPrefix(data, []byte("ERR ")); bad {
		return line{}, fmt.Errorf("%w: %s", ErrServer, bytes.TrimSpace(text))
	}
	return line{data: data}, nil
}

// readSideband parts the channels of an answer: data, and what the server says.
func readSideband(r *bufio.Reader) (data []byte, said string, err error) {
	var talk strings.Builder
	for {
		l, err := readLine(r)
		if err != nil || l.mark != "" {
			return data, talk.String(), err
		}
		if len(l.data) == 0 {
			continue
		}
		switch l.data[0] {
		case 1:
			data = append(data, l.data[1:]...)
		case 2:
			talk.Write(l.data[1:])
		default:
			return data, talk.String(), fmt.Errorf("%w: %s", ErrServer, bytes.TrimSpace(l.data[1:]))
		}
	}
}
