package units

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	godbus "github.com/godbus/dbus/v5"
)

// readConn is a connection that only reads.
type readConn struct {
	net.Conn
	io.Reader
}

func (c readConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// loop reads the same bytes over and over.
type loop struct {
	data []byte
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.data[l.at:])
	l.at = (l.at + n) % len(l.data)
	return n, nil
}

func encode(t testing.TB, order binary.ByteOrder, typ godbus.Type, text string) []byte {
	t.Helper()
	m := &godbus.Message{Type: typ, Body: []any{text}, Headers: map[godbus.HeaderField]godbus.Variant{
		godbus.FieldPath:        godbus.MakeVariant(godbus.ObjectPath("/a")),
		godbus.FieldInterface:   godbus.MakeVariant("a.b"),
		godbus.FieldMember:      godbus.MakeVariant("C"),
		godbus.FieldReplySerial: godbus.MakeVariant(uint32(1)),
		godbus.FieldSignature:   godbus.MakeVariant(godbus.SignatureOf(text)),
	}}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, order); err != nil {
		t.Fatalf("encode: %v", err)
	}
	return b.Bytes()
}

func wireOver(r io.Reader) *wire {
	w := newWire(readConn{Reader: r})
	w.begun = true
	return w
}

// Ensure wire can drop signals of any size in either byte order and pass on
// everything else unchanged.
func TestWire_DropsSignals(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 10000))
	var stream, want []byte
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, text := range []string{"", "odd", "eightlng", long} {
			stream = append(stream, encode(t, order, godbus.TypeSignal, text)...)
			reply := encode(t, order, godbus.TypeMethodReply, text)
			stream, want = append(stream, reply...), append(want, reply...)
			stream = append(stream, encode(t, order, godbus.TypeSignal, text)...)
		}
	}
	got, err := io.ReadAll(wireOver(bytes.NewReader(stream)))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("ReadAll = %d bytes, %v, want the %d bytes of the replies", len(got), err, len(want))
	}
}

// Ensure wire can refuse what is no D-Bus message.
func TestMessageBytes(t *testing.T) {
	little := []byte{'l', 2, 0, 1, 8, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0}
	big := []byte{'B', 2, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 9}
	for _, head := range [][]byte{little, big} {
		if got, err := messageBytes(head); got != 16+16+8 || err != nil {
			t.Errorf("messageBytes(% x) = %d, %v, want 40, nil", head, got, err)
		}
	}
	huge := []byte{'l', 2, 0, 1, 255, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 255}
	for _, head := range [][]byte{huge, []byte("HTTP/1.1 400 Bad")} {
		if got, err := messageBytes(head); err == nil {
			t.Errorf("messageBytes(% x) = %d, nil, want an error", head, got)
		}
	}
}

// Ensure wire can drop signals without allocating.
func TestWire_AllocatesNothing(t *testing.T) {
	signal := encode(t, binary.LittleEndian, godbus.TypeSignal, "some text")
	reply := encode(t, binary.LittleEndian, godbus.TypeMethodReply, "some text")
	w := wireOver(&loop{data: append(bytes.Repeat(signal, 50), reply...)})
	got := make([]byte, len(reply))
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := io.ReadFull(w, got); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("50 signals and a reply allocate %v times, want 0", allocs)
	}
	if !bytes.Equal(got, reply) {
		t.Errorf("Read = % x, want % x", got, reply)
	}
}

// Ensure wire can give up on a peer that has stopped reading, and closes the
// connection rather than leave half a message in it.
func TestWire_WriteGivesUp(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	w := newWire(ours)
	if _, err := w.Write([]byte("AUTH\r\n")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write = %v, want a timeout", err)
	}
	if _, err := ours.Write(nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write after that = %v, want ErrClosedPipe", err)
	}
}

// Ensure wire can read any bytes to their end and let no signal through.
func FuzzWire(f *testing.F) {
	f.Add(encode(f, binary.LittleEndian, godbus.TypeSignal, "a"))
	f.Add(append(encode(f, binary.LittleEndian, godbus.TypeMethodReply, "a"), "l\x04"...))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		w := wireOver(bytes.NewReader(stream))
		buf := make([]byte, 64)
		for passed := 0; ; {
			start := w.left == 0
			n, err := w.Read(buf)
			if err != nil {
				return
			}
			if start && n > 1 && godbus.Type(buf[1]) == godbus.TypeSignal {
				t.Fatalf("Read let a signal through: % x", buf[:n])
			}
			if passed += n; passed > len(stream) {
				t.Fatalf("Read gave %d bytes of %d", passed, len(stream))
			}
		}
	})
}

// BenchmarkWire_Signal is what one signal costs the daemon.
func BenchmarkWire_Signal(b *testing.B) {
	w := wireOver(&loop{data: encode(b, binary.LittleEndian, godbus.TypeSignal, "some text")})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.in.Peek(headBytes); err != nil {
			b.Fatal(err)
		}
		if err := w.next(); err != nil {
			b.Fatal(err)
		}
	}
}
