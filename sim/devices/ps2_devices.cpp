#include "sim/devices/ps2_devices.hpp"

#include <algorithm>
#include <initializer_list>

namespace hvlab::devices {
namespace {

constexpr u8 kAck = 0xFA;
constexpr u8 kResend = 0xFE;
constexpr u8 kSelfTestPassed = 0xAA;

template <u32 N>
void put(ByteQueue<N>& queue, std::initializer_list<u8> bytes) {
  for (u8 byte : bytes) queue.push(byte);
}

}  // namespace

// --- Keyboard
// ------------------------------------------------------------------------------------------------------

void Ps2Keyboard::parameter(u8 byte) {
  State& s = state_;
  const u8 command = s.command;
  s.command = 0;
  s.out.push(kAck);
  switch (command) {
    case 0xED: s.leds = byte & 7; break;
    case 0xF3: s.typematic = byte & 0x7F; break;
    case 0xF0:
      if (byte == 0) s.out.push(s.scan_code_set);
      if (byte >= 1 && byte <= 3) s.scan_code_set = byte;
      break;
    default: break;  // FBh..FDh: the key whose behaviour in set 3 is set
  }
}

void Ps2Keyboard::receive(u8 byte) {
  State& s = state_;
  if (s.command != 0 && byte < 0xED) return parameter(byte);
  s.command = 0;
  if (byte != kResend) s.out.clear();  // a command stops what was being sent
  switch (byte) {
    case 0xFF:
      reset();
      put(s.out, {kAck, kSelfTestPassed});
      break;
    case kResend: s.out.push(s.last_sent); break;
    case 0xED:
    case 0xF0:
    case 0xF3:
    case 0xFB:
    case 0xFC:
    case 0xFD:
      s.out.push(kAck);
      s.command = byte;
      break;
    case 0xEE: s.out.push(0xEE); break;
    case 0xF2: put(s.out, {kAck, 0xAB, 0x83}); break;
    case 0xF4:
      s.scanning = true;
      s.out.push(kAck);
      break;
    case 0xF5:
    case 0xF6:
      s.typematic = 0x2B;
      s.scan_code_set = 2;
      s.scanning = byte == 0xF6;
      s.out.push(kAck);
      break;
    case 0xF7:
    case 0xF8:
    case 0xF9:
    case 0xFA: s.out.push(kAck); break;  // all keys typematic/make-break: of set 3 only
    default: s.out.push(kResend); break;
  }
}

bool Ps2Keyboard::key(u8 code) { return state_.scanning && state_.out.push(code); }

u8 Ps2Keyboard::send() {
  const u8 byte = state_.out.pop();
  if (byte != kResend) state_.last_sent = byte;
  return byte;
}

// --- Mouse ---

void Ps2Mouse::set_defaults() {
  State& s = state_;
  s.resolution = 2;
  s.sample_rate = 100;
  s.scaling_2_to_1 = s.reporting = s.remote = s.wrap = false;
}

void Ps2Mouse::parameter(u8 byte) {
  State& s = state_;
  if (s.command == 0xF3) s.sample_rate = byte;
  if (s.command == 0xE8) s.resolution = byte & 3;
  s.command = 0;
  s.out.push(kAck);
}

bool Ps2Mouse::answer(u8 byte) {
  State& s = state_;
  switch (byte) {
    case 0xFF:
      reset();
      put(s.out, {kAck, kSelfTestPassed, 0x00});
      return true;
    case kResend: s.out.push(s.last_sent); return true;
    case 0xF2: put(s.out, {kAck, 0x00}); return true;
    case 0xEB:
      s.out.push(kAck);
      packet(0, 0);
      return true;
    case 0xE9: {
      const u8 status = static_cast<u8>((s.remote ? 0x40 : 0) | (s.reporting ? 0x20 : 0) |
                                        (s.scaling_2_to_1 ? 0x10 : 0) | (s.buttons & 7));
      put(s.out, {kAck, status, s.resolution, s.sample_rate});
      return true;
    }
    default: return false;
  }
}

bool Ps2Mouse::set_mode(u8 byte) {
  State& s = state_;
  switch (byte) {
    case 0xF6: set_defaults(); return true;
    case 0xF5: s.reporting = false; return true;
    case 0xF4: s.reporting = true; return true;
    case 0xF3:
    case 0xE8: s.command = byte; return true;
    case 0xF0: s.remote = true; return true;
    case 0xEE: s.wrap = true; return true;
    case 0xEC: s.wrap = false; return true;
    case 0xEA: s.remote = false; return true;
    case 0xE7: s.scaling_2_to_1 = true; return true;
    case 0xE6: s.scaling_2_to_1 = false; return true;
    default: return false;
  }
}

void Ps2Mouse::receive(u8 byte) {
  State& s = state_;
  if (s.command != 0) return parameter(byte);
  if (s.wrap && byte != 0xFF && byte != 0xEC) {
    s.out.push(byte);
    return;
  }
  if (byte != kResend) s.out.clear();
  if (!answer(byte)) s.out.push(set_mode(byte) ? kAck : kResend);
}

void Ps2Mouse::packet(int dx, int dy) {
  const int x = std::clamp(dx, -256, 255), y = std::clamp(dy, -256, 255);
  const u8 flags = static_cast<u8>(0x08 | (state_.buttons & 7) | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0) |
                                   (x != dx ? 0x40 : 0) | (y != dy ? 0x80 : 0));
  put(state_.out, {flags, static_cast<u8>(x), static_cast<u8>(y)});
}

void Ps2Mouse::move(int dx, int dy, u8 buttons) {
  State& s = state_;
  s.buttons = buttons & 7;
  if (s.reporting && !s.remote && !s.wrap && s.out.size() + 3 <= 16) packet(dx, dy);
}

u8 Ps2Mouse::send() {
  const u8 byte = state_.out.pop();
  if (byte != kResend) state_.last_sent = byte;
  return byte;
}

}  // namespace hvlab::devices
