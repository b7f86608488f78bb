package unitstest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	godbus "github.com/godbus/dbus/v5"
)

const managerInterface = "org.freedesktop.systemd1.Manager"

// peer is one connection.
type peer struct {
	server *Server
	sock   net.Conn
	in     bool // Logged in; guarded by the server's mutex.

	mu     sync.Mutex // Guards serial and keeps messages whole.
	serial uint32
}

// serve answers calls in the order in which they come.
func (p *peer) serve() {
	defer p.sock.Close()
	if p.server.handle == nil {
		_, _ = io.Copy(io.Discard, p.sock)
		return
	}
	r := bufio.NewReader(p.sock)
	if err := p.login(r); err != nil {
		return
	}
	p.server.loginDone(p)
	for {
		call, err := godbus.DecodeMessage(r)
		if err != nil {
			return
		}
		body, err := p.answer(call)
		if errors.Is(err, ErrHangup) {
			return
		}
		if errors.Is(err, ErrNoReply) {
			continue
		}
		if err := p.send(reply(call, body, err)); err != nil {
			return
		}
	}
}

// login is the server's part of SASL EXTERNAL as the D-Bus specification has
// it. An identity, which godbus leaves to the credentials of the socket, must be
// this process's own, since the tests dial from within.
func (p *peer) login(r *bufio.Reader) error {
	if b, err := r.ReadByte(); err != nil || b != 0 {
		return fmt.Errorf("login begins with %q (%v), want a zero byte", b, err)
	}
	uid := hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid())))
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		answer := ""
		switch strings.TrimSuffix(line, "\r\n") {
		case "AUTH":
			answer = "REJECTED EXTERNAL"
		case "AUTH EXTERNAL":
			answer = "DATA"
		case "AUTH EXTERNAL " + uid, "DATA", "DATA " + uid:
			answer = "OK 0123456789abcdefB123456789abcdef"
		case "BEGIN":
			return nil
		default:
			answer = "ERROR"
		}
		if _, err := io.WriteString(p.sock, answer+"\r\n"); err != nil {
			return err
		}
	}
}

// answer is the bus daemon's part, then the test's.
func (p *peer) answer(call *godbus.Message) ([]any, error) {
	member, _ := call.Headers[godbus.FieldMember].Value().(string)
	iface, _ := call.Headers[godbus.FieldInterface].Value().(string)
	switch {
	case iface == managerInterface:
		return p.server.handle(member, call.Body)
	case iface == "org.freedesktop.DBus.Properties":
		path, _ := call.Headers[godbus.FieldPath].Value().(godbus.ObjectPath)
		unit, err := unitOf(string(path))
		if err != nil {
			return nil, err
		}
		return p.server.handle(member, append([]any{unit}, call.Body...))
	case iface == "org.freedesktop.DBus" && member == "Hello":
		return []any{":1.1"}, nil
	case iface == "org.freedesktop.DBus" && member == "AddMatch":
		return nil, nil
	}
	return nil, Error{"org.freedesktop.DBus.Error.UnknownMethod", iface + "." + member}
}

// unitOf undoes the escaping of a unit's object path: a byte other than a letter
// or a digit is an underscore and two hexadecimal digits.
func unitOf(path string) (string, error) {
	unknown := Error{"org.freedesktop.DBus.Error.UnknownObject", path}
	rest, ok := strings.CutPrefix(path, "/org/freedesktop/systemd1/unit/")
	if !ok {
		return "", unknown
	}
	parts := strings.Split(rest, "_")
	unit := parts[0]
	for _, part := range parts[1:] {
		if len(part) < 2 {
			return "", unknown
		}
		b, err := hex.DecodeString(part[:2])
		if err != nil {
			return "", unknown
		}
		unit += string(b) + part[2:]
	}
	return unit, nil
}

func reply(call *godbus.Message, body []any, err error) *godbus.Message {
	m := &godbus.Message{Type: godbus.TypeMethodReply, Headers: map[godbus.HeaderField]godbus.Variant{
		godbus.FieldReplySerial: godbus.MakeVariant(call.Serial()),
	}}
	if err != nil {
		var e Error
		if !errors.As(err, &e) {
			e = Error{"org.freedesktop.DBus.Error.Failed", err.Error()}
		}
		m.Type = godbus.TypeError
		m.Headers[godbus.FieldErrorName] = godbus.MakeVariant(e.Name)
		body = []any{e.Message}
	}
	return withBody(m, body)
}

func signal(member string, body []any) *godbus.Message {
	return withBody(&godbus.Message{Type: godbus.TypeSignal, Headers: map[godbus.HeaderField]godbus.Variant{
		godbus.FieldPath:      godbus.MakeVariant(godbus.ObjectPath("/org/freedesktop/systemd1")),
		godbus.FieldInterface: godbus.MakeVariant(managerInterface),
		godbus.FieldMember:    godbus.MakeVariant(member),
	}}, body)
}

func withBody(m *godbus.Message, body []any) *godbus.Message {
	if len(body) > 0 {
		m.Body = body
		m.Headers[godbus.FieldSignature] = godbus.MakeVariant(godbus.SignatureOf(body...))
	}
	return m
}

// send marshals m and gives it a serial, which godbus keeps to its own
// connections.
func (p *peer) send(m *godbus.Message) error {
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	binary.LittleEndian.PutUint32(b.Bytes()[8:], p.serial)
	_, err := p.sock.Write(b.Bytes())
	return err
}
