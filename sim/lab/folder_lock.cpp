#include "sim/lab/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

std::string owner_in(int file) {
  char text[256];
  const ssize_t count = pread(file, text, sizeof text, 0);
  std::string owner(text, count > 0 ? static_cast<size_t>(count) : 0);
  owner = owner.substr(0, owner.find('\n'));
  return owner.empty() ? "another process" : owner;
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const std::string name = folder + "/lock";
  file_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) throw UserError("'" + name + "': " + std::generic_category().message(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string why =
        taken ? owner_in(file_) + " works in this folder; wait for its end, or choose another one"
              : std::generic_category().message(errno);
    close(file_);
    throw UserError("'" + folder + "': " + why);
  }
  char host[128] = "";
  gethostname(host, sizeof host - 1);
  const std::string owner = fmt::format("process {} on {}\n", getpid(), host);
  // Only for the message: a full disk does not matter here.
  if (ftruncate(file_, 0) == 0) [[maybe_unused]]
    const ssize_t ignored = pwrite(file_, owner.data(), owner.size(), 0);
}

FolderLock::~FolderLock() { close(file_); }

}  // namespace hvlab::lab
