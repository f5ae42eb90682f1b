#include "sim/boot/image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "sim/base/user_error.hpp"

namespace hvlab::boot {
namespace {

/// Closes a file descriptor at the end of its scope.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

bool write_all(int file, const std::vector<u8>& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

std::vector<u8> read_file(const std::string& path, const std::string& role) {
  const auto fail = [&](const std::string& why) -> UserError {
    return UserError(role + " '" + path + "' cannot be read: " + why);
  };
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status{};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) throw fail(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw fail("not a regular file");
  if (status.st_size == 0) throw fail("the file is empty");
  constexpr off_t kLargest = off_t{4} << 30;
  if (status.st_size > kLargest) throw fail("larger than 4 GiB");
  std::vector<u8> bytes(static_cast<size_t>(status.st_size));
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(file.number, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw fail(std::strerror(errno));
    if (count == 0) throw fail("it became shorter while it was read");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

bool write_file_atomically(const std::string& path, const std::vector<u8>& bytes) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  std::string temporary = path + ".XXXXXX";
  const Descriptor file{::mkstemp(temporary.data())};
  if (file.number < 0) return false;
  if (write_all(file.number, bytes) && ::fchmod(file.number, 0644) == 0 &&
      ::rename(temporary.c_str(), path.c_str()) == 0) {
    return true;
  }
  ::unlink(temporary.c_str());
  return false;
}

std::string cache_folder() {
  const char* chosen = std::getenv("XDG_CACHE_HOME");
  if (chosen != nullptr && *chosen == '/') return std::string(chosen) + "/hvlab";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/hvlab";
  return "/tmp/hvlab-" + std::to_string(::getuid());
}

}  // namespace hvlab::boot
