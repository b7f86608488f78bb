package varlink

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// serviceName is the interface that every service has.
const serviceName = "org.varlink.service"

// serviceDescription is what GetInterfaceDescription says of it. The
// members, and the order of GetInfo's, are the specification's.
const serviceDescription = `# What every varlink service says about itself.
interface org.varlink.service

# Who this is, and which interfaces there are
method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

# The description of one of the interfaces
method GetInterfaceDescription(
  interface: string
) -> (
  description: string
)

# There is no such interface
error InterfaceNotFound(interface: string)

# There is no such method
error MethodNotFound(method: string)

# The method is described and does not exist
error MethodNotImplemented(method: string)

# A parameter cannot be taken
error InvalidParameter(parameter: string)

# The caller may not call
error PermissionDenied()

# The method has a stream of replies, and the call does not say that it takes more than one
error ExpectedMore()
`

// Method answers one call: its parameters are a JSON object; what it returns is
// encoded as one, nil as the empty one. An *Error is replied as it is; another
// error as the error "Failed" of the method's interface with its text
// as "message", which the interface must describe. The context is over when the
// server closes, or after MethodWait.
type Method func(ctx context.Context, in json.RawMessage) (any, error)

// Interface is one interface of a service.
type Interface struct {
	Name        string // In full: "io.reprieve.Control".
	Description string // In the varlink interface definition language, ended by a newline.
	Methods     map[string]Method
	Streams     map[string]Stream
}

// Service is what a server serves.
type Service struct {
	Vendor, Product, Version, URL string
	Interfaces                    []Interface
	// Admit says whether a caller with this uid, by SO_PEERCRED, may call. Nil admits all.
	Admit func(uid uint32) bool
	// Idle is how long a connection may say nothing, or take no reply. Zero is DefaultIdle. In a stream it may say nothing as
	// long as it lasts.
	Idle time.Duration
}

// answer returns the parameters of the reply to a call.
func (s *Service) answer(ctx context.Context, c call) (any, error) {
	name, member := split(c.Method)
	if name == serviceName {
		switch member {
		case "GetInfo":
			return s.info(), nil
		case "GetInterfaceDescription":
			return s.describe(c.Parameters)
		}
	}
	if i := s.lookup(name); i != nil && i.Methods[member] != nil {
		out, err := i.Methods[member](ctx, c.Parameters)
		return out, failed(name, err)
	}
	return nil, &Error{Name: serviceName + ".MethodNotFound", Parameters: map[string]any{"method": c.Method}}
}

// split parts the full name of a method.
func split(method string) (iface, member string) {
	dot := strings.LastIndexByte(method, '.')
	return method[:dot], method[dot+1:]
}

// failed makes an error that is no *Error one of an interface.
func failed(iface string, err error) error {
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Name: iface + ".Failed", Parameters: map[string]any{"message": err.Error()}}
}

func (s *Service) lookup(name string) *Interface {
	i := slices.IndexFunc(s.Interfaces, func(i Interface) bool { return i.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Interfaces[i]
}

// info is the reply to GetInfo.
func (s *Service) info() any {
	names := []string{serviceName}
	for _, i := range s.Interfaces {
		names = append(names, i.Name)
	}
	return struct {
		Vendor     string   `json:"vendor"`
		Product    string   `json:"product"`
		Version    string   `json:"version"`
		URL        string   `json:"url"`
		Interfaces []string `json:"interfaces"`
	}{s.Vendor, s.Product, s.Version, s.URL, names}
}

// describe is the reply to GetInterfaceDescription.
func (s *Service) describe(in json.RawMessage) (any, error) {
	var ask struct {
		Interface string `json:"interface"`
	}
	if err := Decode(in, &ask); err != nil {
		return nil, err
	}
	switch i := s.lookup(ask.Interface); {
	case ask.Interface == "":
		return nil, ParameterError("interface")
	case ask.Interface == serviceName:
		return map[string]string{"description": serviceDescription}, nil
	case i != nil:
		return map[string]string{"description": i.Description}, nil
	}
	return nil, &Error{Name: serviceName + ".InterfaceNotFound", Parameters: map[string]any{"interface": ask.Interface}}
}
