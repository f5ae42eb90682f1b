// network: talks to the host at the other end of the wire (docs/media.md): pings it, has it echo datagrams,
// and checks the bytes of its answers.
// network ping ADDRESS, network echo ADDRESS PORT: the same with whoever is there, when it is.
// network answer PORT COUNT: sends so many datagrams back to where they come from.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr uint32_t kPeer = 0x0a000202;  // 10.0.2.2
constexpr unsigned kCount = 20;

int fail(const char* what, long result) {
  print("network: %s: %ld\n", what, result);
  return 1;
}

long open_to(int protocol, uint16_t port, uint32_t address = kPeer) {
  SocketAddress peer;
  peer.port = __builtin_bswap16(port);
  peer.address = __builtin_bswap32(address);
  const long file = socket(protocol);
  if (file < 0) return file;
  set_timeout(static_cast<int>(file), 200);
  const long result = connect(static_cast<int>(file), peer);
  return result < 0 ? result : file;
}

int ping(uint32_t address = kPeer) {
  const long opened = open_to(kIcmp, 0, address);
  if (opened < 0) return fail("ping socket", opened);
  const int file = static_cast<int>(opened);
  for (unsigned i = 0; i < kCount; ++i) {
    unsigned char message[64] = {8}, answer[128];
    message[7] = static_cast<unsigned char>(i);
    for (unsigned j = 8; j < sizeof message; ++j) message[j] = static_cast<unsigned char>(i * 7 + j);
    const long sent = write(file, message, sizeof message), got = read(file, answer, sizeof answer);
    if (sent != sizeof message || got != sent) return fail("ping", got);
    if (answer[0] != 0 || answer[7] != message[7] || memcmp(answer + 8, message + 8, 56) != 0)
      return fail("ping's answer", i);
  }
  print("network: %ld pings answered\n", static_cast<long>(kCount));
  return 0;
}

int echo(uint32_t address = kPeer, uint16_t port = 7) {
  const long opened = open_to(kUdp, port, address);
  if (opened < 0) return fail("echo socket", opened);
  const int file = static_cast<int>(opened);
  static unsigned char message[1472], answer[1472];
  uint64_t state = 5;
  for (unsigned i = 0; i < kCount; ++i) {
    const size_t bytes = i == kCount - 1 ? sizeof message : next_random(state) % sizeof message;
    for (size_t j = 0; j < bytes; ++j) message[j] = static_cast<unsigned char>(next_random(state));
    const long sent = write(file, message, bytes), got = read(file, answer, sizeof answer);
    if (sent != static_cast<long>(bytes) || got != sent || memcmp(message, answer, bytes) != 0)
      return fail("echo", got);
  }
  const long large = write(file, message, sizeof message);
  static unsigned char too_large[1473];
  if (large < 0 || write(file, too_large, sizeof too_large) != -90)
    return fail("a datagram that does not fit", large);
  print("network: %ld datagrams echoed\n", static_cast<long>(kCount));
  return 0;
}

// UDP 7001: u32 tag, u32 bytes -> the same and that many bytes of a pattern.
int request() {
  const long opened = open_to(kUdp, 7001);
  if (opened < 0) return fail("request socket", opened);
  unsigned char message[8] = {1, 2, 3, 4, 0, 0, 3, 232}, answer[1472];  // 1000 bytes
  const int file = static_cast<int>(opened);
  write(file, message, sizeof message);
  const long got = read(file, answer, sizeof answer);
  if (got != 1008 || memcmp(answer, message, 8) != 0) return fail("request", got);
  for (unsigned i = 0; i < 1000; ++i) {
    if (answer[8 + i] != static_cast<unsigned char>(i * 131 + (i >> 8) * 17))
      return fail("the pattern at", i);
  }
  print("network: pattern of 1000 bytes received\n");
  return 0;
}

// Nobody answers there: the call ends by its time-out.
int nobody() {
  const long opened = open_to(kUdp, 9999);
  if (opened < 0) return fail("socket", opened);
  char byte = 0;
  write(static_cast<int>(opened), &byte, 1);
  const long got = read(static_cast<int>(opened), &byte, 1);
  return got == -11 ? 0 : fail("an answer from nobody", got);
}

// Until somebody at `address` answers a ping; it may not have started yet.
bool wait_for(uint32_t address) {
  const long file = open_to(kIcmp, 0, address);
  for (unsigned i = 0; file >= 0 && i < 20; ++i) {
    unsigned char message[8] = {8}, answer[8];
    write(static_cast<int>(file), message, sizeof message);
    if (read(static_cast<int>(file), answer, sizeof answer) == sizeof answer) return true;
  }
  return false;
}

int answer(uint16_t port, long count) {
  const long opened = socket(kUdp);
  const int file = static_cast<int>(opened);
  SocketAddress own;
  own.port = __builtin_bswap16(port);
  if (opened < 0 || bind(file, own) < 0) return fail("no port", opened);
  set_timeout(file, 20'000);
  static unsigned char message[1472];
  for (long i = 0; i < count; ++i) {
    SocketAddress from;
    const long got = receive_from(file, message, sizeof message, from);
    if (got < 0) return fail("nobody asks", got);
    if (send_to(file, message, static_cast<size_t>(got), from) != got) return fail("no answer", i);
  }
  print("network: %ld datagrams answered\n", count);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const bool pings = count == 3 && strcmp(words[1], "ping") == 0;
  const bool echoes = count == 4 && strcmp(words[1], "echo") == 0;
  if (count == 4 && strcmp(words[1], "answer") == 0)
    return answer(static_cast<uint16_t>(parse_number(words[2])), parse_number(words[3]));
  if (count == 1) return ping() != 0 || echo() != 0 || request() != 0 || nobody() != 0 ? 1 : 0;
  const uint32_t address = pings || echoes ? parse_address(words[2]) : 0;
  if (address == 0) {
    print("usage: network [ping ADDRESS | echo ADDRESS PORT | answer PORT COUNT]\n");
    return 2;
  }
  if (!wait_for(address)) return fail("nobody is there", 0);
  return pings ? ping(address) : echo(address, static_cast<uint16_t>(parse_number(words[3])));
}
