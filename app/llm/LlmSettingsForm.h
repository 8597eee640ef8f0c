#pragma once

#include "app/llm/LlmKey.h"
#include "app/llm/LlmSettings.h"

#include <QWidget>

class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace tagalign::app {

/// The fields of a language model's endpoint, its key among them. The key that was typed stays
/// here until it is put into the keyring.
class LlmSettingsForm : public QWidget
{
    Q_OBJECT

public:
    explicit LlmSettingsForm(QWidget* parent = nullptr);

    void setSettings(const LlmSettings& settings);
    [[nodiscard]] LlmSettings settings() const;

    /// The typed key, else the one that was found for the endpoint.
    [[nodiscard]] QByteArray key() const;

Q_SIGNALS:
    void changed(); ///< settings, or whether there is a key
    void problem(const QString& sentence);

private:
    void makeFields();
    QSpinBox* addNumber(QFormLayout& form, const QString& label, int least, int most,
                        const QString& toolTip);
    QDoubleSpinBox* addPrice(QFormLayout& form, const QString& label);
    void onEndpoint();
    void lookForKey();
    void showKey();
    void store();
    void remove();

    LlmSettings m_settings; ///< what has no field
    LlmKey m_found;
    QString m_origin; ///< that m_found belongs to
    QLineEdit* m_endpoint;
    QLineEdit* m_model;
    QLineEdit* m_key;
    QLabel* m_keyStatus;
    QPushButton* m_store;
    QPushButton* m_remove;
    QSpinBox* m_concurrency;
    QSpinBox* m_captions;
    QSpinBox* m_timeout;
    QDoubleSpinBox* m_inputPrice;
    QDoubleSpinBox* m_outputPrice;
};

} // namespace tagalign::app
