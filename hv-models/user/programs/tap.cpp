// tap: is at two ports of the bridge at once, finds the others there by ARP, and checks who sees which frame.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr uint8_t kFirst[6] = {0x52, 0x54, 0, 0x12, 0x35, 1}, kSecond[6] = {0x52, 0x54, 0, 0x12, 0x35, 2};
constexpr uint8_t kEverybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr uint16_t kArp = 0x0806, kOwn = 0x88b5;  // for experiments (IEEE 802, 9.2.4)
constexpr size_t kHeader = 14;

int fail(const char* what, long result) {
  print("tap: %s: %ld\n", what, result);
  return 1;
}

struct Frame {
  uint8_t bytes[1600] = {};
  long length = 60;
  uint16_t type() const { return static_cast<uint16_t>(bytes[12] << 8 | bytes[13]); }
  void put(size_t at, const void* from, size_t count) { memcpy(bytes + at, from, count); }
};

Frame make_frame(const uint8_t* to, const uint8_t* from, uint16_t type) {
  Frame frame;
  frame.put(0, to, 6);
  frame.put(6, from, 6);
  frame.bytes[12] = static_cast<uint8_t>(type >> 8);
  frame.bytes[13] = static_cast<uint8_t>(type);
  return frame;
}

bool receive(int tap, Frame& frame) {
  frame.length = read(tap, frame.bytes, sizeof frame.bytes);
  return frame.length >= static_cast<long>(kHeader);
}

// RFC 826: who has 10.0.2.`number`?
bool find(int tap, uint8_t number) {
  const uint8_t request[28] = {0, 1, 8, 0, 6, 4, 0, 1};
  const uint8_t own[4] = {10, 0, 2, 21}, wanted[4] = {10, 0, 2, number};
  Frame frame = make_frame(kEverybody, kFirst, kArp);
  frame.put(kHeader, request, sizeof request);
  frame.put(kHeader + 8, kFirst, 6);
  frame.put(kHeader + 14, own, 4);
  frame.put(kHeader + 24, wanted, 4);
  if (write(tap, frame.bytes, 60) != 60) return false;
  while (receive(tap, frame)) {
    const bool answer = frame.type() == kArp && frame.bytes[kHeader + 7] == 2;
    if (!answer || memcmp(frame.bytes + kHeader + 14, wanted, 4) != 0) continue;
    return memcmp(frame.bytes, kFirst, 6) == 0;
  }
  return false;
}

// From one tap to the other, of every length; then two frames that nobody may send.
bool exchange(int first, int second) {
  for (long length = 60; length <= 1514; length += 97) {
    Frame frame = make_frame(kFirst, kSecond, kOwn), got;
    for (long i = kHeader; i < length; ++i) frame.bytes[i] = static_cast<uint8_t>(i * 31 + length);
    if (write(second, frame.bytes, static_cast<size_t>(length)) != length || !receive(first, got))
      return false;
    if (got.length != length || memcmp(frame.bytes, got.bytes, static_cast<size_t>(length)) != 0)
      return false;
  }
  const Frame frame = make_frame(kFirst, kSecond, kOwn);
  return write(second, frame.bytes, 13) == -90 && write(second, frame.bytes, 1519) == -90;
}

// What the second tap has seen: the two questions to everybody, and nothing of the answers.
bool saw_questions_alone(int first, int second) {
  const Frame end = make_frame(kSecond, kFirst, kOwn);
  write(first, end.bytes, 60);
  Frame got;
  unsigned questions = 0;
  while (receive(second, got) && got.type() != kOwn) {
    if (memcmp(got.bytes, kEverybody, 6) != 0) return false;
    ++questions;
  }
  return questions == 2;
}

}  // namespace

int main() {
  const int first = static_cast<int>(open("/dev/tap1", kReadWrite));
  const int second = static_cast<int>(open("/dev/tap2", kReadWrite));
  if (first < 0 || second < 0) return fail("open", first);
  if (const long again = open("/dev/tap1", kReadWrite); again != -16)
    return fail("a tap opened twice", again);
  if (!find(first, 2)) return fail("no answer from the wire", 0);
  if (!find(first, 15)) return fail("no answer from the system", 0);
  if (!exchange(first, second)) return fail("frames between taps", 0);
  if (!saw_questions_alone(first, second)) return fail("frames that were for somebody else", 0);
  close(first);
  if (const long again = open("/dev/tap1", kReadWrite); again < 0) return fail("a tap opened anew", again);
  print("tap: all well\n");
  return 0;
}
