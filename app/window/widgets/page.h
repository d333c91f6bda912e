// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every page of the stack has: a title, one dim line, at most one primary button at the line's end, and a body.
// Also the empty state: one icon, one sentence, perhaps a way on; never an empty grid without words.
// Thread: the GUI thread.
#pragma once

#include <QWidget>

class QAbstractItemView;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace postern::window {

class ElidedLabel;

// A page of the stack. Its actions() are what the Message menu shows while it is the page.
class Page : public QWidget {
    Q_OBJECT
  public:
    using QWidget::QWidget;
    virtual QLineEdit* finder() const { return nullptr; } // where Ctrl+F goes
    virtual bool escape() { return false; }               // Esc: true if something was closed
    virtual void shown() {}                               // became the page in front
};

// A right click, or the menu key, on a row of `view` offers the page's actions.
void offerActions(QAbstractItemView* view, const Page* page);

class PageHeader final : public QWidget {
    Q_OBJECT
  public:
    explicit PageHeader(const QString& title, QWidget* parent = nullptr);
    void setTitle(const QString& title);
    void setLine(const QString& line);
    QHBoxLayout* end() const { return m_end; } // controls at the end of the title line

  private:
    ElidedLabel* m_title = nullptr;
    ElidedLabel* m_line = nullptr;
    QHBoxLayout* m_end = nullptr;
};

class EmptyState final : public QWidget {
    Q_OBJECT
  public:
    explicit EmptyState(const QString& icon, const QString& sentence, QWidget* parent = nullptr);
    void setSentence(const QString& sentence);
    void setDetail(const QString& detail);
    QVBoxLayout* below() const { return m_below; } // for one button or a literal line

  private:
    QLabel* m_sentence = nullptr;
    QLabel* m_detail = nullptr;
    QVBoxLayout* m_below = nullptr;
};

} // namespace postern::window
