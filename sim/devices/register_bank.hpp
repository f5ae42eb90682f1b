// How a device class shows its register banks and its input pins: small objects that call back into it.
#pragma once

#include "sim/base/types.hpp"
#include "sim/ports/interrupt_line.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

/// A bank of 8-bit registers. A wider access is split into byte accesses, lowest address first, as the ISA
/// bus does for an 8-bit device; bytes past the end of the bank read FFh.
class ByteRegisters : public RegisterTarget {
 public:
  explicit ByteRegisters(u32 count) : count_(count) {}
  u64 read(u64 offset, unsigned size) final;
  void write(u64 offset, unsigned size, u64 value) final;

 protected:
  virtual u8 read_byte(u32 offset) = 0;
  virtual void write_byte(u32 offset, u8 value) = 0;

 private:
  u32 count_;
};

/// A bank of 8-bit registers that are two member functions of `Device`.
template <class Device>
class ByteBank final : public ByteRegisters {
 public:
  using Read = u8 (Device::*)(u32 offset);
  using Write = void (Device::*)(u32 offset, u8 value);
  ByteBank(u32 count, Device& device, Read read_function, Write write_function)
      : ByteRegisters(count), device_(device), read_(read_function), write_(write_function) {}

 private:
  u8 read_byte(u32 offset) override { return (device_.*read_)(offset); }
  void write_byte(u32 offset, u8 value) override { (device_.*write_)(offset, value); }

  Device& device_;
  Read read_;
  Write write_;
};

/// A bank whose accesses, with their size, are two member functions of `Device`.
template <class Device>
class Bank final : public RegisterTarget {
 public:
  using Read = u64 (Device::*)(u64 offset, unsigned size);
  using Write = void (Device::*)(u64 offset, unsigned size, u64 value);
  Bank(Device& device, Read read_function, Write write_function)
      : device_(device), read_(read_function), write_(write_function) {}
  u64 read(u64 offset, unsigned size) override { return (device_.*read_)(offset, size); }
  void write(u64 offset, unsigned size, u64 value) override { (device_.*write_)(offset, size, value); }

 private:
  Device& device_;
  Read read_;
  Write write_;
};

/// An input pin of `Device`: driving it is a call of its member function with the pin's number. The device
/// keeps the level among its state, and ignores a level that the pin already has.
template <class Device>
class InputPin final : public InterruptLine {
 public:
  using Drive = void (Device::*)(unsigned pin, bool asserted);
  InputPin(Device& device, unsigned pin, Drive drive) : device_(device), drive_(drive), pin_(pin) {}
  void set(bool asserted) override { (device_.*drive_)(pin_, asserted); }

 private:
  Device& device_;
  Drive drive_;
  unsigned pin_;
};

}  // namespace hvlab::devices
