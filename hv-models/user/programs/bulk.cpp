// bulk [--peer A.B.C.D] [--kibibytes N] [--each BYTES] [--check] [send] [receive]: much data one way, over
// TCP, with the peer at the other end of the wire (docs/media.md). Each phase prints "HVLAB phase=NAME
// hash=HEX ns=N bytes=N", as the workload does; the hash is that of what came, or the number of bytes that
// went.
//
//   send      to the peer's discard service; with --check to its echo service, and back
//   receive   a file from its web server; with --check each byte is looked at
//
// --each: so much with each call, 16 KiB if nothing is said. Without --check nobody touches the data but the
// system: what is measured is the way.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr uint16_t kEcho = 7, kDiscard = 9, kHttp = 80;
constexpr size_t kBlock = 16 * 1024;
constexpr size_t kAhead = 3 * kBlock;  // less than what the echo service keeps before it takes no more
constexpr long kMilliseconds = 5000;

uint32_t peer = 0x0a000202;  // 10.0.2.2
size_t total = 4096 * 1024, each = kBlock;
bool check = false;
char block[kBlock], came[kBlock];

[[noreturn]] void fail(const char* what, long result) {
  print("bulk: %s: %ld\n", what, result);
  exit(1);
}

int connected(uint16_t port) {
  SocketAddress address;
  address.port = __builtin_bswap16(port);
  address.address = __builtin_bswap32(peer);
  const long opened = stream_socket();
  if (opened < 0) fail("socket", opened);
  const int file = static_cast<int>(opened);
  set_timeout(file, kMilliseconds);
  if (const long result = connect(file, address); result < 0) fail("connect", result);
  return file;
}

void write_all(int file, const char* from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const long part = write(file, from + done, bytes - done);
    if (part <= 0) fail("write", part);
    done += static_cast<size_t>(part);
  }
}

size_t read_some(int file, char* to, size_t bytes) {
  const long part = read(file, to, bytes);
  if (part < 0) fail("read", part);
  return static_cast<size_t>(part);
}

char sent_byte(size_t index) { return static_cast<char>(index * 29 + (index >> 8) * 5); }
char pattern_byte(size_t index) { return static_cast<char>(index * 131 + (index >> 8) * 17); }  // the peer's

// As a stream both ways at once, what comes compared with what went.
uint64_t send_and_compare() {
  const int file = connected(kEcho);
  size_t sent = 0, back = 0;
  while (back < total) {
    if (sent < total && sent - back < kAhead) {
      const size_t part = total - sent < kBlock ? total - sent : kBlock;
      for (size_t i = 0; i < part; ++i) block[i] = sent_byte(sent + i);
      write_all(file, block, part);
      sent += part;
      continue;
    }
    const size_t part = read_some(file, came, kBlock);
    if (part == 0) fail("the echo ends at", static_cast<long>(back));
    for (size_t i = 0; i < part; ++i) {
      if (came[i] != sent_byte(back + i)) fail("the echo differs at", static_cast<long>(back + i));
    }
    back += part;
  }
  close(file);
  return back;
}

uint64_t send() {
  if (check) return send_and_compare();
  const int file = connected(kDiscard);
  for (size_t done = 0; done < total; done += each) {
    write_all(file, block, total - done < each ? total - done : each);
  }
  close(file);
  return total;
}

// Where the head of the answer ends, which is in its first segment.
size_t head_bytes(const char* text, size_t bytes) {
  for (size_t i = 4; i <= bytes; ++i) {
    if (memcmp(text + i - 4, "\r\n\r\n", 4) == 0) return i;
  }
  fail("no answer", static_cast<long>(bytes));
}

// "GET /N HTTP/1.0".
size_t put_request(char* to) {
  constexpr char kBegin[] = "GET /", kEnd[] = " HTTP/1.0\r\n\r\n";
  memcpy(to, kBegin, sizeof kBegin - 1);
  char digits[20];
  size_t count = 0, at = sizeof kBegin - 1;
  for (size_t rest = total; rest != 0 || count == 0; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  while (count > 0) to[at++] = digits[--count];
  memcpy(to + at, kEnd, sizeof kEnd - 1);
  return at + sizeof kEnd - 1;
}

uint64_t receive() {
  const int file = connected(kHttp);
  char request[64];
  write_all(file, request, put_request(request));
  size_t part = read_some(file, came, kBlock), from = head_bytes(came, part), got = 0;
  while (part != 0) {
    for (size_t i = from; check && i < part; ++i) {
      if (came[i] != pattern_byte(got + i - from)) fail("the file differs at", static_cast<long>(got));
    }
    got += part - from;
    from = 0;
    part = read_some(file, came, kBlock);
  }
  if (got != total) fail("the file has another length", static_cast<long>(got));
  close(file);
  return got;
}

struct Phase {
  const char* name;
  uint64_t (*work)();
};
constexpr Phase kPhases[] = {{"send", send}, {"receive", receive}};

// As the workload says it: by calls that no kernel has.
constexpr long kPhaseBegins = 0x485600, kPhaseEnds = 0x485601;

void run_phase(const Phase& phase) {
  call(kPhaseBegins);
  const long start = nanoseconds();
  const uint64_t hash = phase.work();
  const long elapsed = nanoseconds() - start;
  call(kPhaseEnds);
  print("HVLAB phase=%s hash=%lx ns=%ld bytes=%ld\n", phase.name, hash, elapsed, static_cast<long>(total));
}

int usage() {
  print("usage: bulk [--peer A.B.C.D] [--kibibytes N] [--each 1..16384] [--check] [send] [receive]\n");
  return 2;
}

bool is_phase(const char* name) {
  for (const Phase& phase : kPhases) {
    if (strcmp(phase.name, name) == 0) return true;
  }
  return false;
}

bool is_wanted(const char* name, char** names, int count) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return count == 0;
}

}  // namespace

int main(int count, char** arguments) {
  int at = 1;
  for (; at < count && arguments[at][0] == '-'; ++at) {
    if (strcmp(arguments[at], "--check") == 0) {
      check = true;
    } else if (strcmp(arguments[at], "--peer") == 0 && at + 1 < count) {
      peer = parse_address(arguments[++at]);
    } else if (strcmp(arguments[at], "--kibibytes") == 0 && at + 1 < count) {
      const long number = parse_number(arguments[++at]);
      if (number < 1 || number > 1024 * 1024) return usage();
      total = static_cast<size_t>(number) * 1024;
    } else if (strcmp(arguments[at], "--each") == 0 && at + 1 < count) {
      const long number = parse_number(arguments[++at]);
      if (number < 1 || number > static_cast<long>(kBlock)) return usage();
      each = static_cast<size_t>(number);
    } else {
      return usage();
    }
  }
  for (int i = at; i < count; ++i) {
    if (!is_phase(arguments[i])) return usage();
  }
  if (peer == 0) return usage();
  print("HVLAB start size=full processors=1 at=%ld\n", nanoseconds());
  for (const Phase& phase : kPhases) {
    if (is_wanted(phase.name, arguments + at, count - at)) run_phase(phase);
  }
  print("HVLAB done\n");
  return 0;
}
