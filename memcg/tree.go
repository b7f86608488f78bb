package memcg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path"
	"sort"

	"golang.org/x/sys/unix"
)

// Node is a group that the tree knows. Its fields are the tree's to change.
type Node struct {
	Path   string // below the mount, "/" for the root
	Name   string // the directory's name, "" for the root
	Parent *Node  // nil for the root
	Inode  uint64 // tells it from a later group of the same path
	Inner  bool   // descended into: its children are known

	children map[string]*Node
	within   int // children that are descended into
	watch    int
	blind    bool // descended into, and there was no watch to be had
}

// Children returns the node's children in the order of their names.
func (n *Node) Children() []*Node {
	all := make([]*Node, 0, len(n.children))
	for _, c := range n.children {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Child returns the child of that name, or nil.
func (n *Node) Child(name string) *Node { return n.children[name] }

// EachChild visits the children in no order, and makes no list of them.
func (n *Node) EachChild(visit func(*Node)) {
	for _, c := range n.children {
		visit(c)
	}
}

// HasInner reports whether any child is descended into.
func (n *Node) HasInner() bool { return n.within > 0 }

// There reports whether the tree still knows the node: it, and not a later one
// of its name.
func (n *Node) There() bool { return n.Parent == nil || n.Parent.children[n.Name] == n }

// Change is what the tree tells its owner, in order, children after parents
// when they appear and before them when they go.
type Change struct {
	Node *Node
	Gone bool
}

// Tree follows the making and removing of groups by inotify, one watch for
// every directory that is descended into. It is not safe for concurrent use.
type Tree struct {
	Root *Node

	mount   string
	descend func(name string) bool
	fd      int
	most    int // watches that it takes at most; 0: no bound
	byWatch map[int]*Node
	blind   map[*Node]struct{}
	size    int // nodes below the root
	events  [16 << 10]byte
}

// drainReads bounds one Drain, in reads of the events' buffer. It is more than
// the kernel queues as a rule (fs.inotify.max_queued_events, 16384).
const drainReads = 64

// treeMask: groups are directories; anything else in a cgroup directory is the
// kernel's and does not come or go.
const treeMask = unix.IN_CREATE | unix.IN_DELETE | unix.IN_ONLYDIR | unix.IN_DONT_FOLLOW

// OpenTree follows the groups below mount. descend says by a directory's name
// whether its inside is of interest; the root always is. The groups that are
// there now are known when it returns. The caller closes the tree.
func OpenTree(mount string, descend func(name string) bool) (*Tree, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fail("/", "", "inotify_init", err)
	}
	t := &Tree{
		Root: &Node{Path: "/", Inner: true}, mount: mount, descend: descend, fd: fd,
		most: watchesOf(maxUserWatches), byWatch: map[int]*Node{}, blind: map[*Node]struct{}{},
	}
	if err := t.enter(t.Root, func(Change) {}); err != nil {
		t.Close()
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(mount, &st); err == nil { // as for every group: one that is not there has no children
		t.Root.Inode = st.Ino
	}
	return t, nil
}

// Size returns how many groups the tree knows.
func (t *Tree) Size() int { return t.size + 1 }

// Fd returns the inotify descriptor to poll for EPOLLIN.
func (t *Tree) Fd() int { return t.fd }

// Close ends the following.
func (t *Tree) Close() error { return unix.Close(t.fd) }

// Lookup returns the node at a path, or nil.
func (t *Tree) Lookup(p string) *Node {
	n := t.Root
	for _, name := range bytes.Split(bytes.Trim([]byte(p), "/"), []byte("/")) {
		if len(name) == 0 {
			continue
		}
		if n = n.children[string(name)]; n == nil {
			return nil
		}
	}
	return n
}

// Drain takes in what happened since the last call and tells each change. When
// the kernel's queue overflowed it looks at the whole tree again. Who makes groups faster
// than they can be taken in does not keep it for ever: then the descriptor is
// still ready when it returns.
func (t *Tree) Drain(tell func(Change)) error {
	for range drainReads {
		n, err := unix.Read(t.fd, t.events[:])
		if err == unix.EAGAIN {
			return nil
		}
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fail("/", "", "read inotify", err)
		}
		if err := t.take(t.events[:n], tell); err != nil {
			return err
		}
	}
	return nil
}

// take walks inotify_event structures: wd, mask, cookie, len, name.
func (t *Tree) take(events []byte, tell func(Change)) error {
	for len(events) >= unix.SizeofInotifyEvent {
		wd := int(int32(binary.NativeEndian.Uint32(events)))
		mask := binary.NativeEndian.Uint32(events[4:])
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		name := string(bytes.TrimRight(events[unix.SizeofInotifyEvent:size], "\x00"))
		events = events[size:]
		if mask&unix.IN_Q_OVERFLOW != 0 {
			return t.rescan(t.Root, tell)
		}
		parent := t.byWatch[wd]
		if parent == nil || mask&unix.IN_ISDIR == 0 {
			continue
		}
		if err := t.look(parent, name, tell); err != nil {
			return err
		}
	}
	return nil
}

// look brings one name in line with what is there now. An event may be old:
// the group was seen by a listing already, or went and came again since.
func (t *Tree) look(parent *Node, name string, tell func(Change)) error {
	inode, there := t.stat(path.Join(parent.Path, name))
	if n := parent.children[name]; n != nil {
		if there && n.Inode == inode {
			return nil
		}
		t.remove(n, tell)
	}
	if !there {
		return nil
	}
	return t.add(parent, name, inode, tell)
}

// stat returns the inode of the directory at a path.
func (t *Tree) stat(p string) (uint64, bool) {
	var st unix.Stat_t
	if err := unix.Lstat(t.mount+p, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return 0, false
	}
	return st.Ino, true
}

func (t *Tree) add(parent *Node, name string, inode uint64, tell func(Change)) error {
	n := &Node{Path: path.Join(parent.Path, name), Parent: parent, Inode: inode, Inner: t.descend(name)}
	n.Name = n.Path[len(n.Path)-len(name):] // one text for both
	if parent.children == nil {
		parent.children = map[string]*Node{}
	}
	parent.children[n.Name] = n
	t.size++
	if n.Inner {
		parent.within++
	}
	tell(Change{Node: n})
	if !n.Inner {
		return nil
	}
	return t.enter(n, tell)
}

// enter watches a directory first and lists it then, so that a group made in
// between is seen at least once.
func (t *Tree) enter(n *Node, tell func(Change)) error {
	wd, err := 0, error(unix.ENOSPC)
	if t.most == 0 || len(t.byWatch) < t.most {
		wd, err = unix.InotifyAddWatch(t.fd, t.mount+n.Path, treeMask)
	}
	switch {
	case err == unix.ENOENT || err == unix.ENOTDIR:
		return nil // gone again; its parent's watch says so
	case err == unix.ENOSPC && n.Parent != nil:
		n.blind = true
		t.blind[n] = struct{}{}
	case err != nil:
		return fail(n.Path, "", "watch", err)
	default:
		n.watch = wd
		t.byWatch[wd] = n
	}
	return t.list(n, tell)
}

func (t *Tree) list(n *Node, tell func(Change)) error {
	entries, err := os.ReadDir(t.mount + n.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ENODEV) {
		return fail(n.Path, "", "list", err)
	}
	for _, e := range entries {
		if !e.IsDir() || n.children[e.Name()] != nil {
			continue
		}
		if err := t.look(n, e.Name(), tell); err != nil {
			return err
		}
	}
	return nil
}

// remove forgets a node and all below it. Until recently the kernel never told
// a watch that its own directory went, and kept it.
func (t *Tree) remove(n *Node, tell func(Change)) {
	for _, c := range n.Children() {
		t.remove(c, tell)
	}
	delete(n.Parent.children, n.Name)
	t.size--
	if n.Inner {
		n.Parent.within--
	}
	if n.blind {
		delete(t.blind, n)
	}
	if n.watch != 0 {
		delete(t.byWatch, n.watch)
		_, _ = unix.InotifyRmWatch(t.fd, uint32(n.watch))
	}
	tell(Change{Node: n, Gone: true})
}

// rescan compares the whole tree with what is there.
func (t *Tree) rescan(n *Node, tell func(Change)) error {
	for _, c := range n.Children() {
		if err := t.look(n, c.Name, tell); err != nil {
			return err
		}
		if n.children[c.Name] == c && c.Inner {
			if err := t.rescan(c, tell); err != nil {
				return err
			}
		}
	}
	return t.list(n, tell)
}
