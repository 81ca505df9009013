# mmcomp run configs/wechat/recipe.py
# From frames and annotations to result.csv as the rank-12 family did: CLIP features, pre-training, single and double
# stream, averages of the best checkpoints, a student on pseudo labels, fusion of equal parts, rare classes raised.
# Score: 0.727 on test B as published, without the student. Hardware: 2 GPUs of 24 GB. Not run here at full size.
# Data: the competition's files in data/wechat. Weights: ViT-B-16.pt and chinese-roberta-wwm-ext, see README.md.
title = 'WeChat videos: from frames to result.csv'
custom_imports = dict(imports=['mmcomp.recipes.stages.wechat'])
root = 'data/wechat'
splits = ['labeled', 'unlabeled', 'test']
videos = dict(type='WeChatDataset', data_root=f'{root}/', sort_timed=False, feature_width=512, no_frames='empty',
              tokenizer=dict(folder='checkpoints/chinese-roberta-wwm-ext'), cache_dir=f'{root}/tokens')
files = {split: dict(ann_file=f'annotations/{split}.json', feature_zip=f'@features[split={split}].features')
         for split in splits}
both = dict(ann_file=[f'annotations/{split}.json' for split in splits[:2]],
            feature_zip=[f'@features[split={split}].features' for split in splits[:2]])
words = dict(label_key=None, pipeline=[
    dict(type='SampleFrames', max_frames=32, choice='random'), dict(type='AssembleText', max_length=258),
    dict(type='PackModalities')], **videos)
corpora = dict(train_dataloader=dict(dataset=dict(datasets=[
    dict(files['unlabeled'], **words), dict(files['labeled'], **words)])))
judged = dict(val_dataloader=dict(dataset=files['labeled']), test_dataloader=dict(dataset=files['test']))
fine_tuning = dict(train_dataloader=dict(dataset=files['labeled']), **judged)
with_pseudo = dict(train_dataloader=dict(dataset=both), **judged)
on_unlabeled = dict(test_dataloader=dict(dataset=files['unlabeled']))
defaults = dict(Pretrain=dict(gpus=2, amp=True), Train=dict(ann='@split.train', val='@split.val', amp=True),
                Soup=dict(by='wechat/score'))
members = dict(member=['single', 'double'])
stages = dict(
    lists=dict(type='WeChatFiles', annotations=f'{root}/annotations'),
    features=dict(type='ExtractFeatures', config='clip-b16.py', ann=f'{root}/annotations/{{split}}.json',
                  frame_zips=f'{root}/zip_frames/{{split}}', gpus=2, matrix=dict(split=splits)),
    split=dict(type='Split', ann='@lists.labeled', folds=10, fold=0, seed=2022, stratified=False),
    single_pretrain=dict(type='Pretrain', config='single-pretrain.py', options=corpora),
    # Planned for 15 epochs; the authors went on from the sixth.
    double_pretrain=dict(type='Pretrain', config='double-pretrain.py', options=dict(
        train_cfg=dict(max_epochs=6), **corpora)),
    single=dict(type='Train', config='single.py', start='@single_pretrain.weights', options=fine_tuning),
    double=dict(type='Train', config='double.py', start='@double_pretrain.weights', options=fine_tuning),
    single_soup=dict(type='Soup', model='@single', top=12),
    double_soup=dict(type='Soup', model='@double', top=5),
    # Two stages, as other teams of the family did: the labels of both for a million videos, then the labels of people.
    teacher=dict(type='Predict', model='@{member}_soup', ann='@lists.unlabeled', half=True, options=on_unlabeled,
                 matrix=members),
    teachers=dict(type='Ensemble', tables='@teacher'),
    pseudo=dict(type='PseudoLabel', table='@teachers', ann='@split.train', threshold=0.5, prefix=''),
    pupil=dict(type='Train', config='single.py', ann='@pseudo', start='@single_pretrain.weights', options=with_pseudo),
    student=dict(type='Train', config='single.py', start='@pupil.weights', options=dict(
        model=dict(init_cfg=dict(subtrees=['encoders', 'fusion', 'head'])), **fine_tuning)),
    student_soup=dict(type='Soup', model='@student', top=12),
    # All models in one pass, as the authors had both.
    test=dict(type='Predict', model='@single_soup', also=dict(double='@double_soup', student='@student_soup'),
              ann='@lists.test'),
    # 0.5 and 0.5 of logits as in the authors' code; their page says probabilities.
    published=dict(type='Ensemble', tables=['@test.table', '@test.double'], method='logit'),
    fused=dict(type='Ensemble', tables=['@test.table', '@test.double', '@test.student'], method='logit'),
    # 10 / n + 1.
    boost=dict(type='Boost', table='@fused', ann='@split.train', k=10.0, g=1.0, b=1.0),
    published_result=dict(type='WeChatResult', predictions='@published', test='@lists.test'),
    result=dict(type='WeChatResult', predictions='@boost', test='@lists.test'))
