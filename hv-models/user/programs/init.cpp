// init PROGRAM ARGUMENTS ; PROGRAM ARGUMENTS ; ...: runs one after the other (with '&' instead of ';' without
// waiting for it first) and says how each ended. Its own status is that of success if each of them succeeded.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr int kMostRunning = 16;
struct Running {
  long id = 0;
  const char* name = nullptr;
} running[kMostRunning];
bool all_well = true;

void report(long id, int status) {
  const char* name = nullptr;
  for (Running& r : running) {
    if (r.id != id) continue;
    name = r.name;
    r.id = 0;
  }
  if (name == nullptr) return;  // an orphan that came here
  if ((status & 0x7f) != 0) {
    print("init: %s killed by %ld\n", name, static_cast<long>(status & 0x7f));
  } else {
    print("init: %s exit %ld\n", name, static_cast<long>(status >> 8));
  }
  all_well = all_well && status == 0;
}

void start(char** arguments) {
  const long id = fork();
  if (id == 0) {
    char* environment[] = {nullptr};
    const long result = execve(arguments[0], arguments, environment);
    print("init: %s: error %ld\n", arguments[0], result);
    exit(127);
  }
  for (Running& r : running) {
    if (r.id != 0) continue;
    r = {id, arguments[0]};
    return;
  }
}

void wait_for(long id) {
  int status = 0;
  for (long ended = wait(-1, &status); ended > 0; ended = wait(-1, &status)) {
    report(ended, status);
    if (ended == id) return;
  }
}

bool is(const char* word, const char* what) { return strcmp(word, what) == 0; }

}  // namespace

int main(int count, char** words) {
  for (int at = 1; at < count;) {
    int end = at;
    while (end < count && !is(words[end], ";") && !is(words[end], "&")) ++end;
    const bool alone = end == count || is(words[end], ";");
    words[end < count ? end : count] = nullptr;
    if (end > at) start(words + at);
    long last = 0;
    for (const Running& r : running) last = r.id > last ? r.id : last;
    if (alone && last != 0) wait_for(last);
    at = end + 1;
  }
  wait_for(-1);
  call(162);  // sync: nothing that was written is only in memory when the machine goes off
  return all_well ? 0 : 1;
}
