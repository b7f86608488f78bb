package memcg

// Glimpse is what a group shows to who does not keep it open.
type Glimpse struct {
	UsageBytes uint64 // memory.current
	SwapBytes  uint64 // memory.swap.current; 0 where the kernel has none
	Preference Preference
	Owner      uint32 // of the directory, for Honoured
}

// Glance opens the group at path below mount, reads, and closes it: four
// descriptors, one or two at a time, for a group that nothing is kept open of. A group
// that is gone, or that is not the one with this inode any more, gives an error
// wrapping ErrGone. Errors are *FileError.
func Glance(mount, path string, inode uint64, buf *Buffer) (Glimpse, error) {
	var s Glimpse
	err := visit(mount, path, inode, func(g *Group) (err error) {
		if s.UsageBytes, err = g.bytes(Current, buf); err != nil {
			return err
		}
		if s.SwapBytes, err = g.Swap(buf); err != nil {
			return err
		}
		s.Preference, s.Owner, err = g.Preference()
		return err
	}, Current, SwapCurrent)
	return s, err
}

// GlanceEvents is Glance for memory.events, of the group and all below it.
func GlanceEvents(mount, path string, inode uint64, buf *Buffer) (e Events, err error) {
	err = visit(mount, path, inode, func(g *Group) (err error) {
		e, err = g.Events(buf)
		return err
	}, EventsAll)
	return e, err
}

// visit opens a group and files of it for as long as do runs.
func visit(mount, path string, inode uint64, do func(*Group) error, which ...File) error {
	var g Group
	if err := g.open(mount, path); err != nil {
		return err
	}
	defer g.Release()
	if g.Inode != inode {
		return fail(path, "", "open", ErrGone)
	}
	if err := g.Prepare(which...); err != nil {
		return err
	}
	return do(&g)
}

// OpenAs is Open for the group with this inode, and files of it: a later group
// of that path is ErrGone. The caller ends with Release.
func OpenAs(mount, path string, inode uint64, which ...File) (*Group, error) {
	g, err := Open(mount, path)
	if err != nil {
		return nil, err
	}
	if g.Inode != inode {
		err = fail(path, "", "open", ErrGone)
	} else {
		err = g.Prepare(which...)
	}
	if err != nil {
		g.Release()
		return nil, err
	}
	return g, nil
}
