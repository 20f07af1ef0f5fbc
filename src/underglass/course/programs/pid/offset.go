package main

import (
	"reflect"
	"unsafe"
)

// typelinks lists the types of the program that have no name of their own; reflect offers it by a linkname.
//
//go:linkname typelinks reflect.typelinks
func typelinks() (sections []unsafe.Pointer, offsets [][]int32)

// offsetOf returns where a struct has a field. The struct is named by its pointer type, as "*runtime.g".
func offsetOf(pointer, field string) uintptr {
	sections, offsets := typelinks()
	for i, section := range sections {
		for _, at := range offsets[i] {
			kind := typeAt(unsafe.Add(section, at))
			if kind.String() == pointer {
				found, _ := kind.Elem().FieldByName(field)
				return found.Offset
			}
		}
	}
	panic("the program has no type " + pointer)
}

// typeAt makes a reflect.Type of a type's descriptor: an interface whose data word is its address.
func typeAt(descriptor unsafe.Pointer) reflect.Type {
	kind := reflect.TypeOf(0)
	(*[2]unsafe.Pointer)(unsafe.Pointer(&kind))[1] = descriptor
	return kind
}
