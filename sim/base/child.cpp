#include "sim/base/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab {

namespace {

/// While it lives, signals that end programs wait: one that came between fork and exec would meet our
/// handlers in the new process, and be lost.
class EndSignalsWait {
 public:
  EndSignalsWait() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before_);
  }
  ~EndSignalsWait() { restore(); }
  EndSignalsWait(const EndSignalsWait&) = delete;
  EndSignalsWait& operator=(const EndSignalsWait&) = delete;
  void restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// In the new process: never returns.
[[noreturn]] void become(const std::vector<std::string>& arguments, int output, int errors,
                         const EndSignalsWait& signals) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // nothing goes on running when HVLab is gone
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  signals.restore();
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  if (errors >= 0) dup2(errors, STDERR_FILENO);
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

/// Appends what can be read now; closes the descriptor at the end of the stream.
void drain(int& descriptor, std::string& text) {
  char buffer[4096];
  const ssize_t count = read(descriptor, buffer, sizeof buffer);
  if (count > 0) {
    text.append(buffer, static_cast<size_t>(count));
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    close(descriptor);
    descriptor = -1;
  }
}

bool readable(int descriptor) {
  pollfd request{descriptor, POLLIN, 0};
  return descriptor >= 0 && poll(&request, 1, 0) > 0;
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, bool errors_to_terminal) {
  int output[2] = {-1, -1}, errors[2] = {-1, -1};
  if (pipe2(output, O_CLOEXEC) != 0 || (!errors_to_terminal && pipe2(errors, O_CLOEXEC) != 0)) {
    throw UserError("cannot start '" + arguments[0] + "': " + std::strerror(errno));
  }
  const EndSignalsWait signals;
  id_ = fork();
  if (id_ == 0) become(arguments, output[1], errors[1], signals);
  const int reason = errno;
  close(output[1]);
  if (errors[1] >= 0) close(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
  if (id_ < 0) throw UserError("cannot start '" + arguments[0] + "': " + std::strerror(reason));
}

Child::Child(Child&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      text_(std::move(other.text_)),
      error_text_(std::move(other.error_text_)) {}

Child::~Child() {
  if (id_ > 0) {
    stop();
    wait();
  }
  if (output_ >= 0) close(output_);
  if (errors_ >= 0) close(errors_);
}

bool Child::read_some() {
  if (readable(output_)) drain(output_, text_);
  if (readable(errors_)) drain(errors_, error_text_);
  return output_ >= 0 || errors_ >= 0;
}

void Child::stop() {
  if (id_ > 0) kill(id_, SIGTERM);
}

int Child::wait() {
  int status = 0;
  while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string run_program(const std::vector<std::string>& arguments) {
  Child child(arguments, true);
  do {
    pollfd request{child.output_descriptor(), POLLIN, 0};
    poll(&request, 1, -1);
  } while (child.read_some());
  const int status = child.wait();
  if (status != 0) throw UserError("'" + arguments[0] + "' ended with status " + std::to_string(status));
  return child.output();
}

}  // namespace hvlab
