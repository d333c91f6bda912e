// SPDX-License-Identifier: GPL-3.0-or-later
//
// The buttons that paint themselves: the one primary button of a page, a link, a filter chip, a text-and-icon state.
// Thread: the GUI thread.
#pragma once

#include "window/theme/roles.h"

#include <QPushButton>

namespace postern::window {

// Accent fill under every style. Never two in one pane.
class PrimaryButton final : public QPushButton {
    Q_OBJECT
  public:
    explicit PrimaryButton(const QString& text, QWidget* parent = nullptr);

  protected:
    void paintEvent(QPaintEvent* event) override;
};

// Underlined words that act.
class LinkButton final : public QAbstractButton {
    Q_OBJECT
  public:
    explicit LinkButton(const QString& text = {}, QWidget* parent = nullptr);
    QSize sizeHint() const override;

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
};

// A filter that shows whether it is set: tinted and with a cross.
class FilterChip final : public QAbstractButton {
    Q_OBJECT
  public:
    explicit FilterChip(const QString& text, QWidget* parent = nullptr);
    QSize sizeHint() const override;

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
};

// A state in shape, word and colour that opens its cause.
class StateButton final : public QAbstractButton {
    Q_OBJECT
  public:
    explicit StateButton(QWidget* parent = nullptr);
    void setState(Tone tone, const QString& icon, const QString& words, bool bold = true);
    Tone tone() const { return m_tone; }
    QSize sizeHint() const override;

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

  private:
    QFont wordFont() const;
    Tone m_tone = Tone::Dim;
    QString m_icon;
    bool m_bold = true;
};

} // namespace postern::window
