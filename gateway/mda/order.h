// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the gateway and its child for one delivery say to each other, as bytes.
//
// The gateway writes frames into the child's standard input: the order, pieces of the message, an empty frame for its end. The
// child answers with one report on its standard output. An input that ends without the empty frame is a message cut short and
// is never delivered. No Qt here: the child is a small program that may run as root before it becomes the user.
// Thread: values. Limits: a frame holds at most 1 MiB. Failure: what does not read is Broken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mda {

enum class Task : char {
    Mailbox = 'b', // the user's file in the mail folder
    File = 'f',    // a file that an alias names
    Maildir = 'm',
    Command = 'c',
};

struct Order {
    Task task = Task::Maildir;
    std::string user, home; // who to become; home may be ""
    std::int64_t uid = -1, gid = -1;
    std::string path;                     // the file or the maildir
    std::string command;                  // for /bin/sh -c
    std::vector<std::string> environment; // of the command, complete
    std::string sender;                   // of the "From " line
    std::string name;                     // of the file in the maildir: always the same for one envelope
    std::string folder;                   // sub-address: delivered to ".folder" if that is there
    bool junk = false;                    // mail marked as junk goes to ".Junk"
    bool mayBeThere = false;              // an earlier try may have put it there already
    std::int64_t timeLimitMs = 300'000;   // of a command
};

std::string encode(const Order& order);
std::optional<Order> decodeOrder(std::string_view bytes);

enum class Ending : char {
    Delivered = 'd', // durable
    Later = 't',     // could not be done; text begins with an enhanced code
    Exit = 'x',      // the command ended with `number`
    Signal = 's',    // the command was ended by the signal `number`
    Unread = 'u',    // the command said 0, but had not read the message
};

struct Report {
    Ending ending = Ending::Later;
    int number = 0;
    std::string text; // one line; of a command: the last that it said
};

std::string encode(const Report& report);
std::optional<Report> decodeReport(std::string_view bytes);

inline constexpr std::size_t kMostFrame = 1024 * 1024;
std::string frame(std::string_view bytes); // at most kMostFrame; "" = the end

class FrameReader {
  public:
    enum class What { NeedMore, Piece, End, Broken };
    void feed(std::string_view bytes) { m_bytes.append(bytes); }
    What next(std::string& piece); // after End or Broken: the same again

  private:
    std::string m_bytes;
    What m_last = What::NeedMore;
};

} // namespace postern::mda
