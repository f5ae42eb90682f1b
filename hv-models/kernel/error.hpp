// Why a call failed: negative results, with Linux's numbers (asm-generic/errno.h), since programs made for
// Linux read them.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

enum Error : int {
  kNotPermitted = -1,
  kNoEntry = -2,
  kNoProcess = -3,
  kInterrupted = -4,
  kInputOutput = -5,
  kTooBig = -7,
  kNotExecutable = -8,
  kBadFile = -9,
  kNoChild = -10,
  kAgain = -11,
  kNoMemory = -12,
  kFault = -14,
  kBusy = -16,
  kExists = -17,
  kNoDevice = -19,
  kNotFolder = -20,
  kIsFolder = -21,
  kInvalid = -22,
  kTooManyFiles = -24,
  kNotTerminal = -25,
  kNoSpace = -28,
  kNotSeekable = -29,
  kReadOnly = -30,
  kBrokenPipe = -32,
  kNameTooLong = -36,
  kNoCall = -38,
  kNotEmpty = -39,
  kNotSocket = -88,
  kMessageSize = -90,
  kNotSupported = -95,
  kAddressInUse = -98,
  kAddressNotAvailable = -99,
  kNetworkDown = -100,
  kReset = -104,
  kNotConnected = -107,
  kTimedOut = -110,
  kRefused = -111,
};

}  // namespace hvlab::kernel
