package main

import _ "unsafe"

// worldStop is what runtime.stopTheWorld returns (Go 1.27, runtime/proc.go).
type worldStop struct {
	reason           uint8
	startedStopping  int64
	finishedStopping int64
	stoppingCPUTime  int64
}

const resetDebugLog = 16 // runtime.stwForTestResetDebugLog

//go:linkname stopTheWorld runtime.stopTheWorld
func stopTheWorld(reason uint8) worldStop

//go:linkname startTheWorld runtime.startTheWorld
func startTheWorld(stopped worldStop)
