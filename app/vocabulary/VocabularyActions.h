#pragma once

#include "app/jobs/VocabularyJob.h"

#include <QWidget>

#include <functional>
#include <optional>

class QButtonGroup;
class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace tagalign::app {

/// What can be done with the chosen tags: one button each, its fields, a line that says in numbers
/// what would change, and Apply. Knows no project: gives out functions that do it.
class VocabularyActions : public QWidget
{
    Q_OBJECT

public:
    enum Action { kMerge, kRollUp, kSplit, kRename, kDropEmpty, kMinimum, kActions };

    explicit VocabularyActions(QWidget* parent = nullptr);

    /// As they are selected, the first one first. Of the same tags what was typed stays.
    void setTags(const QList<db::Tag>& chosen);
    void startAnew(); ///< forgets what was typed
    void setMinimum(int images);
    void choose(Action action);
    void setName(const QString& name); ///< what is kept, the parent, or the new name

    void setPreview(const QString& sentence, bool canApply);
    void offerNames(const QStringList& names); ///< to choose from, for rolling up
    void offerWords(const QStringList& words); ///< the tag's, for splitting

    [[nodiscard]] Action action() const;

    using Work = std::function<QString(const db::Database&)>;

    /// What the fields say; nothing where they or the selection do not suffice.
    [[nodiscard]] std::optional<Work> preview() const;
    [[nodiscard]] std::optional<Work> work() const;
    [[nodiscard]] QString missing() const; ///< what to do first, where there is no work

Q_SIGNALS:
    void changed(); ///< action or fields
    void applied();
    void actionChosen();

private:
    void showFields();
    void fill();
    [[nodiscard]] QList<db::TagId> ids() const;
    [[nodiscard]] Split split() const;

    QList<db::Tag> m_chosen;
    QButtonGroup* m_actions;
    QLabel* m_textLabel;
    QComboBox* m_by;
    QComboBox* m_text;
    QLabel* m_nameLabel;
    QComboBox* m_name;
    QSpinBox* m_minimum;
    QLabel* m_preview;
    QPushButton* m_apply;
};

} // namespace tagalign::app
