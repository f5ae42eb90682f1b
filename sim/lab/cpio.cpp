#include "sim/lab/cpio.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

constexpr u32 kDirectory = 0040000, kFile = 0100000, kLink = 0120000, kCharacterDevice = 0020000,
              kBlockDevice = 0060000;

u32 number(const std::string& text, int base) {
  u32 value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size())
    throw UserError("'" + text + "' is not a number");
  return value;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file || file.bad()) throw UserError("cannot read '" + path + "'");
  return bytes;
}

void require(const std::vector<std::string>& words, size_t count) {
  if (words.size() != count)
    throw UserError("'" + words[0] + "' takes " + std::to_string(count - 1) + " words");
}

CpioEntry read_entry(const std::vector<std::string>& words) {
  const std::string& kind = words[0];
  CpioEntry entry;
  if (kind == "dir") {
    require(words, 3);
    entry.mode = kDirectory | number(words[2], 8);
  } else if (kind == "file") {
    require(words, 4);
    entry = {kFile | number(words[2], 8), contents(words[3])};
  } else if (kind == "link") {
    require(words, 3);
    entry = {kLink | 0777, words[2]};
  } else if (kind == "node") {
    require(words, 6);
    const bool block = words[3] == "b";
    if (!block && words[3] != "c") throw UserError("a node is c or b, not '" + words[3] + "'");
    entry = {(block ? kBlockDevice : kCharacterDevice) | number(words[2], 8), "", number(words[4], 10),
             number(words[5], 10)};
  } else {
    throw UserError("'" + kind + "' is not dir, file, link or node");
  }
  return entry;
}

void add_parents(CpioTree& tree, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    tree.try_emplace(path.substr(0, slash), CpioEntry{kDirectory | 0755, ""});
  }
}

void add_line(CpioTree& tree, const std::string& line) {
  std::istringstream stream(line);
  const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  if (words.empty()) return;
  if (words.size() < 2 || words[1].size() < 2 || words[1][0] != '/')
    throw UserError("give a path from the root on");
  const std::string path = words[1].substr(1);
  CpioEntry entry = read_entry(words);
  add_parents(tree, path);
  CpioEntry& place = tree[path];
  const bool both_directories = (place.mode & 0170000) == kDirectory && (entry.mode & 0170000) == kDirectory;
  if (place.mode != 0 && !both_directories && place != entry)
    throw UserError("'/" + path + "' is there already");
  place = std::move(entry);
}

/// Fields and name are padded to 4 bytes together, and so are the contents.
void pad(std::string& archive) { archive.resize((archive.size() + 3) & ~size_t{3}, '\0'); }

void write_entry(std::string& archive, u32 inode, const std::string& name, const CpioEntry& entry) {
  const u32 links = (entry.mode & 0170000) == kDirectory ? 2 : 1;
  archive += fmt::format(
      "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}", inode,
      entry.mode, 0, 0, links, 0, entry.bytes.size(), 0, 0, entry.major, entry.minor, name.size() + 1, 0);
  archive += name;
  archive += '\0';
  pad(archive);
  archive += entry.bytes;
  pad(archive);
}

}  // namespace

CpioTree read_cpio_list(const std::string& list, const std::string& name) {
  CpioTree tree;
  std::istringstream lines(list);
  size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    ++count;
    try {
      add_line(tree, line);
    } catch (const UserError& error) {
      throw UserError(fmt::format("recipe {}, line {}: {}", name, count, error.what()));
    }
  }
  return tree;
}

std::string write_cpio(const CpioTree& tree) {
  std::string archive;
  u32 inode = 0;
  for (const auto& [name, entry] : tree) write_entry(archive, ++inode, name, entry);
  write_entry(archive, 0, "TRAILER!!!", CpioEntry{});
  return archive;
}

}  // namespace hvlab::lab
